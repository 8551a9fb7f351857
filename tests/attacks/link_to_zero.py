"""A folder whose kata is a link to a device that never ends."""

CLASS = "archive tricks"


def make(folder, kata):
    lesson = folder / "exercises" / kata.lesson
    lesson.mkdir(parents=True)
    (lesson / f"{kata.name}.py").symlink_to("/dev/zero")
    return folder
