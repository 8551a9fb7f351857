"""A folder whose kata is a folder that can be imported."""

CLASS = "archive tricks"


def make(folder, kata):
    package = folder / "exercises" / kata.lesson / f"{kata.name}.py"
    package.mkdir(parents=True)
    (package / "__init__.py").write_bytes(kata.file("solutions").read_bytes())
    return folder
