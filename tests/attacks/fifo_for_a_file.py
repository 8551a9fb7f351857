"""A folder whose kata is a pipe, on which a reader waits for ever."""

import os

CLASS = "archive tricks"


def make(folder, kata):
    lesson = folder / "exercises" / kata.lesson
    lesson.mkdir(parents=True)
    os.mkfifo(lesson / f"{kata.name}.py")
    return folder
