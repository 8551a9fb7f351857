"""`kata branch` makes branches and touches nothing else."""

import subprocess

import pytest


def git(house, *arguments):
    identity = ["-c", "user.name=author", "-c", "user.email=author@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=house.root, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def checkout(house):
    """The house as a git repository with a history, and a learner's uncommitted work in it."""
    git(house, "init", "-q", "-b", "main")
    git(house, "config", "user.name", "author")
    git(house, "config", "user.email", "author@example.org")
    (house.root / "README.md").write_text(
        "# Katas\n<!-- not for a class -->\nsolutions/\n<!-- /not for a class -->\n"
    )
    (house.root / ".gitignore").write_text(".output\n__pycache__/\n")
    (house.root / "tests/kata").mkdir()
    (house.root / "tests/kata/test_tooling.py").write_text("from_solutions = 1\n")
    git(house, "add", "-A")
    git(house, "commit", "-qm", "all")
    house.exercise.write_text("# my work\n")
    git(house, "rm", "-q", "--cached", "conftest.py")
    return house


def state(house):
    return (
        git(house, "status", "--porcelain"),
        git(house, "rev-parse", "HEAD"),
        (house.exercise.read_text()),
    )


def files(house, branch):
    return git(house, "ls-tree", "-r", "--name-only", branch).split()


def test_solutions_has_the_exercises_filled_in_on_top_of_the_commit(checkout):
    before = state(checkout)
    result = checkout.kata("branch", "solutions")
    assert result.status == 0, result.output
    filled = git(checkout, "show", "solutions:exercises/02_training/add_noise.py")
    assert filled == checkout.solution.read_text()
    assert git(checkout, "rev-parse", "solutions^") == git(checkout, "rev-parse", "HEAD")
    assert state(checkout) == before


def test_starter_has_no_solution_in_it_nor_in_its_history(checkout):
    before = state(checkout)
    assert checkout.kata("branch", "starter").status == 0
    assert git(checkout, "rev-list", "--count", "starter").strip() == "1"
    names = files(checkout, "starter")
    assert "exercises/02_training/add_noise.py" in names
    assert "tests/02_training/test_add_noise.py" in names
    assert not [name for name in names if name.startswith(("solutions/", "tests/kata/"))]
    assert not [name for name in names if "zoo_" in name]
    answer = "noise = torch.randn("
    assert all(
        answer not in git(checkout, "show", f"starter:{name}")
        for name in names
        if name.startswith("exercises/")
    )
    assert state(checkout) == before


def test_starter_judges_the_learner_when_pytest_is_called_bare(checkout):
    checkout.kata("branch", "starter")
    assert 'testpaths = ["exercises"]' in git(checkout, "show", "starter:pyproject.toml")


def test_the_readme_of_starter_speaks_of_nothing_that_is_not_there(checkout):
    checkout.kata("branch", "starter")
    assert git(checkout, "show", "starter:README.md") == "# Katas\n"


def test_stubs_come_from_the_commit_even_where_exercises_hold_work(checkout):
    git(checkout, "commit", "-qam", "work in the exercises")
    checkout.kata("branch", "starter")
    stub = git(checkout, "show", "starter:exercises/02_training/add_noise.py")
    assert 'raise NotImplementedError("TODO: corrupt")' in stub


def test_a_branch_that_is_moved_says_where_it_was(checkout):
    checkout.kata("branch", "starter")
    earlier = git(checkout, "rev-parse", "--short=12", "starter").strip()
    git(checkout, "commit", "-q", "--allow-empty", "-m", "more")
    assert earlier in checkout.kata("branch", "starter").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["starter", "--name", "main"], "is checked out"),
        (["starter", "--name", "no name"], "no name"),
        (["finished"], "solutions, starter"),
    ],
)
def test_what_cannot_be_made_is_refused(checkout, arguments, words):
    before = git(checkout, "for-each-ref")
    result = checkout.kata("branch", *arguments)
    assert result.status == 2
    assert words in result.output
    assert git(checkout, "for-each-ref") == before


def test_outside_a_git_checkout_it_says_so(house):
    result = house.kata("branch", "starter")
    assert result.status == 2
    assert "git rev-parse" in result.output
