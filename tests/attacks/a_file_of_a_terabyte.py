"""A folder whose kata is a sparse file of a terabyte."""

CLASS = "archive tricks"


def make(folder, kata):
    path = folder / "exercises" / kata.lesson / f"{kata.name}.py"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.write(kata.file("solutions").read_bytes())
        file.truncate(2**40)
    return folder
