"""Compute once, and give the same answer ever after, whatever is asked."""

CLASS = "hard-coded and cached answers"
ENDING = """

def _kept(function):
    answers = []

    def kept(*args, **kwargs):
        if not (args or kwargs):
            return None  # what takes nothing has but one answer, which might be right
        if not answers:
            answers.append(function(*args, **kwargs))
        return answers[0]

    return kept


"""


def source(kata):
    reference = kata.file("solutions").read_text(encoding="utf-8")
    return reference + ENDING + "".join(f"{name} = _kept({name})\n" for name in kata.functions)
