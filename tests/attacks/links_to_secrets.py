"""A folder whose kata is a link to what only the grader may read."""

CLASS = "archive tricks"


def make(folder, kata):
    lesson = folder / "exercises" / kata.lesson
    lesson.mkdir(parents=True)
    (lesson / f"{kata.name}.py").symlink_to("/etc/shadow")
    (folder / "home").symlink_to("/root")
    (folder / "around").symlink_to("..")
    return folder
