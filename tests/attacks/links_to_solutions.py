"""A folder whose kata is a link to the reference, by its file, its folder and its tree."""

CLASS = "archive tricks"


def make(folder, kata):
    if len(kata.functions) > 1:
        (folder / "exercises").symlink_to(kata.root / "solutions")
        return folder
    lesson = folder / "exercises" / kata.lesson
    lesson.mkdir(parents=True)
    (lesson / f"{kata.name}.py").symlink_to(kata.file("solutions"))
    return folder
