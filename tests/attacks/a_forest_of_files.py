"""A folder with more files than anybody would look through, deep and wide."""

CLASS = "archive tricks"


def make(folder, kata):
    place = folder
    for number in range(60):
        place = place / "exercises"
        place.mkdir()
        for name in ("a", "b", "c", f"{kata.name}.txt"):
            (place / f"{name}{number}").touch()
    lesson = place / kata.lesson
    lesson.mkdir()
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    (lesson / f"{kata.name}.py").write_text(hollow)
    return folder
