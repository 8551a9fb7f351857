"""Whatever is handed in becomes a submission: its katas' files, and a line on all that is amiss."""

import errno
import gzip
import io
import os
import shutil
import socket
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from kata.grading import archive, trees
from kata.grading.intake import (
    IntakeError,
    passed_over,
    read_class,
    read_submission,
    submissions_in,
)
from kata.grading.names import plain, safe_name, unique_names
from kata.manifest import load_manifest

MANIFEST = load_manifest()
KATAS = MANIFEST.katas
UNET, NOISE = "02_training/unet", "02_training/add_noise"
PLACE = f"exercises/{UNET}.py"
CODE = b"def build_unet():\n    return 1\n"


def fill(folder: Path, **files: bytes) -> Path:
    """A folder with these files; `/` is written as `__`."""
    for name, content in files.items():
        write(folder / name.replace("__", "/"), content)
    return folder


def write(path: Path, content: bytes = CODE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def packed(path: Path, members: dict[str, bytes], **options) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def linked(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def taped(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode="w:gz") -> Path:
    with tarfile.open(path, mode) as file:
        for info, content in members:
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


def read(path: Path):
    return read_submission(path, KATAS)


def trouble(path: Path) -> str:
    """The one line on a submission of which nothing was taken."""
    submission = read(path)
    assert (submission.files, submission.unread) == ({}, {})
    assert len(submission.troubles) == 1, submission.troubles
    assert set(submission.refused.values()) <= set(submission.troubles)
    return submission.troubles[0]


def unread(path: Path, kata: str = UNET) -> str:
    """The line on a kata's file that the grader could not see, for a reason of its own."""
    submission = read(path)
    assert kata not in {**submission.files, **submission.refused}
    return submission.unread[kata]


def refusal(path: Path, kata: str = UNET) -> str:
    """The line on a kata's file that was not taken."""
    submission = read(path)
    assert kata not in submission.files
    return submission.refused[kata]


# Forms


@pytest.mark.parametrize(
    "place",
    [PLACE, f"{UNET}.py", "unet.py", f"alice-main/{PLACE}", f"a/b/{UNET}.py", f"./{PLACE}"],
)
@pytest.mark.parametrize("form", ["folder", "zip", "tar", "tar.gz", "tgz"])
def test_a_katas_file_is_found_in_every_form(tmp_path, form, place):
    if form == "folder":
        path = write(tmp_path / "alice" / place).parents[place.removeprefix("./").count("/")]
    elif form == "zip":
        path = packed(tmp_path / "alice.zip", {place: CODE})
    else:
        mode = "w" if form == "tar" else "w:gz"
        path = taped(tmp_path / f"alice.{form}", (tarfile.TarInfo(place), CODE), mode=mode)
    submission = read(path)
    assert submission.files == {UNET: CODE}
    assert (submission.name, submission.refused, submission.troubles) == ("alice", {}, ())


def test_a_single_file_is_a_submission(tmp_path):
    path = write(tmp_path / "unet.py")
    assert submissions_in(path, KATAS) == [path]
    assert read(path).files == {UNET: CODE}


@pytest.mark.parametrize(
    "name",
    [
        "smith_17_423_unet.py",
        "smith_LATE_17_423_UNET.PY",
        "smith-unet.py",
        "smith_unet-2.py",
        "Smith_Unet (1).py.txt",
        "Ann Lee - unet.py",
        "123-456 - Ann Lee - Jan 5, 2024 1005 AM - unet.py",
        "Ann Lee_123_assignsubmission_file_unet.py",
        "Copy of unet (1).py",
    ],
)
def test_a_file_under_the_name_that_a_platform_gave_it(tmp_path, name):
    assert read(write(tmp_path / name)).files == {UNET: CODE}


def test_the_work_tree_of_a_git_checkout_counts(tmp_path):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True)

    repository = write(tmp_path / "alice" / PLACE).parents[2]
    git("init", "-q", repository)
    git("-C", repository, "add", ".")
    git("-C", repository, "commit", "-qm", "work")
    write(repository / PLACE, b"later = 1\n")
    assert read(repository).files == {UNET: b"later = 1\n"}
    git("clone", "-q", "--bare", repository, tmp_path / "bare")
    assert "bare git repository" in trouble(tmp_path / "bare")
    git("clone", "-q", "--no-checkout", repository, tmp_path / "empty")
    assert "checkout without files" in trouble(tmp_path / "empty")


def test_the_archive_that_a_platform_put_into_a_folder_of_its_own(tmp_path):
    folder = tmp_path / "Alice A_12_assignsubmission_file"
    folder.mkdir()
    packed(folder / "work.zip", {PLACE: CODE})
    submission = read(folder)
    assert (submission.files, submission.name) == ({UNET: CODE}, folder.name)


def test_an_archive_and_a_file_side_by_side_are_both_read(tmp_path):
    folder = tmp_path / "ann"
    write(folder / "unet.py", b"the last word")
    packed(folder / "work.zip", {PLACE: CODE, f"exercises/{NOISE}.py": CODE})
    write(folder / "unet_notes.txt")
    submission = read(folder)
    assert submission.files == {UNET: b"the last word", NOISE: CODE}
    assert submission.troubles == (f"`unet.py` is read, and not `work.zip/{PLACE}`",)
    assert submissions_in(folder, KATAS) == [folder]
    assert passed_over(folder, KATAS)[0].startswith("work.zip (beside `unet.py`;")


@pytest.mark.parametrize("place", ["hw/work.zip", "hw/1/work.tgz"])
def test_an_archive_in_a_folder_below_is_unpacked_where_nothing_else_is(tmp_path, place):
    path = tmp_path / "ann" / place
    path.parent.mkdir(parents=True)
    if path.suffix == ".zip":
        packed(path, {PLACE: CODE})
    else:
        taped(path, (tarfile.TarInfo(PLACE), CODE))
    assert (read(tmp_path / "ann").files, read(tmp_path / "ann").troubles) == ({UNET: CODE}, ())
    write(tmp_path / "ann/add_noise.py")
    assert read(tmp_path / "ann").files == {NOISE: CODE}


def test_archives_that_are_not_opened_are_named(tmp_path):
    write(tmp_path / "ann" / PLACE)
    for name in ("old.zip", "new.zip"):
        packed(tmp_path / "ann" / name, {PLACE: CODE})
    submission = read(tmp_path / "ann")
    line = "`new.zip` and `old.zip` are not opened: of archives, hand in one alone"
    assert (submission.files, submission.troubles) == ({UNET: CODE}, (line,))


def test_a_damaged_archive_leaves_the_file_beside_it(tmp_path):
    write(tmp_path / "ann/unet.py")
    write(tmp_path / "ann/work.zip", b"no zip")
    submission = read(tmp_path / "ann")
    assert submission.files == {UNET: CODE}
    assert submission.troubles == (refusal(tmp_path / "ann", NOISE),)
    assert submission.troubles[0].startswith("`work.zip` is damaged")


def test_the_archive_in_a_folder_that_becomes_a_link(tmp_path):
    packed(write(tmp_path / "a/hw/x").with_name("work.zip"), {PLACE: CODE})
    packed(write(tmp_path / "secret/x").with_name("work.zip"), {PLACE: b"secret"})
    tree = trees.Folder(tmp_path / "a")
    entry = next(e for e in tree.entries() if e.name == "work.zip")
    (tmp_path / "a/hw").rename(tmp_path / "a/before")
    (tmp_path / "a/hw").symlink_to(tmp_path / "secret")
    assert tree.unpack(entry, archive.Zip) == []
    assert tree.shut.startswith("`hw/work.zip` cannot be read")
    tree.close()


def test_nothing_but_the_manifests_files_is_read(tmp_path):
    names = ["conftest.py", "pytest.ini", "torch.py", "sitecustomize.py", "tests/test_unet.py"]
    members = {name: b"raise SystemExit" for name in [*names, f"solutions/{UNET}.py"]}
    assert read(packed(tmp_path / "a.zip", {**members, PLACE: CODE})).files == {UNET: CODE}
    for name, content in members.items():
        write(tmp_path / "a" / name, content)
    write(tmp_path / "a" / PLACE)
    assert read(tmp_path / "a").files == {UNET: CODE}


def test_content_is_handed_on_as_it_is(tmp_path):
    content = b"\xef\xbb\xbf\x00\xff\r\n" + "ü".encode("utf-16")
    assert read(write(tmp_path / "a" / PLACE, content).parents[2]).files == {UNET: content}


# Which file


def test_the_place_in_the_exercises_comes_first(tmp_path):
    folder = fill(tmp_path, unet_py=b"")
    write(folder / "unet.py", b"3")
    write(folder / f"{UNET}.py", b"2")
    assert read(folder).files == {UNET: b"2"}
    write(folder / "below" / PLACE, b"1")
    assert read(folder).files == {UNET: b"1"}


@pytest.mark.parametrize(
    "aside",
    ["solutions", "tests", ".git", ".venv", "lib/site-packages", "__MACOSX", "Solutions", ".kata"],
)
def test_what_lies_aside_does_not_count(tmp_path, aside):
    write(tmp_path / "a" / aside / PLACE)
    packed(tmp_path / "a.zip", {f"{aside}/{PLACE}": CODE})
    for path in (tmp_path / "a", tmp_path / "a.zip"):
        assert read(path).files == read(path).refused == {}


def test_a_folder_may_have_any_name_itself(tmp_path):
    assert read(write(tmp_path / "solutions" / f"{UNET}.py").parents[1]).files == {UNET: CODE}


def test_an_answer_that_is_not_read_is_named_beside_the_one_that_is(tmp_path):
    write(tmp_path / "unet.py", b"my answer")
    write(tmp_path / PLACE, b"the stub")
    submission = read(tmp_path)
    assert submission.files == {UNET: b"the stub"}
    assert submission.troubles == (f"`{PLACE}` is read, and not `unet.py`",)
    write(tmp_path / "unet.py", b"the stub")
    assert read(tmp_path).troubles == ()


def test_two_files_of_equal_rank_must_be_equal(tmp_path):
    members = {f"old/{PLACE}": CODE, f"new/{PLACE}": CODE}
    assert read(packed(tmp_path / "a.zip", members)).files == {UNET: CODE}
    line = refusal(packed(tmp_path / "b.zip", {**members, f"new/{PLACE}": b"x = 1"}))
    assert f"`new/{PLACE}` and `old/{PLACE}` differ" in line


def test_one_kata_that_is_refused_leaves_the_others(tmp_path):
    members = {f"a/{PLACE}": CODE, f"b/{PLACE}": b"", f"exercises/{NOISE}.py": CODE}
    submission = read(packed(tmp_path / "a.zip", members))
    assert (list(submission.files), list(submission.refused)) == ([NOISE], [UNET])


def test_more_copies_than_are_compared_are_refused(tmp_path):
    assert "too many" in refusal(
        packed(tmp_path / "a.zip", {f"{n}/{PLACE}": b"" for n in "abcdef"})
    )


@pytest.mark.parametrize(
    "name",
    [
        "Unet.py",
        "unet.PY",
        "unet (1).py",
        "unet-1.py",
        "unet.py.txt",
        "UNET(2).py",
        "Unet-1.py.txt",
    ],
)
def test_a_name_that_somebody_else_has_altered_is_taken_where_it_is_the_only_one(tmp_path, name):
    folder = write(tmp_path / "a/exercises" / name).parents[1]
    submission = read(folder)
    assert submission.files == {UNET: CODE}
    assert submission.troubles == (f"`exercises/{name}` is taken for `unet.py`",)
    write(folder / "Unet-7.py")
    assert refusal(folder).endswith("are not taken: keep one, and name it `unet.py`")
    write(folder / "unet.py", b"x = 1")
    submission = read(folder)
    assert submission.files == {UNET: b"x = 1"}
    assert submission.troubles[0].startswith("`unet.py` is read, and not ")
    assert f"`exercises/{name}`" in submission.troubles[0]


@pytest.mark.parametrize(
    "name",
    ["Copy of unet.py", "unet - Copy.py", "unet - Copy (2).py", "unet copy 2.py", "unet 2.py"],
)
def test_a_copy_is_taken_where_it_is_the_only_one(tmp_path, name):
    submission = read(write(tmp_path / "ann" / name).parent)
    assert submission.files == {UNET: CODE}
    assert submission.troubles == (f"`{name}` is taken for `unet.py`",)


@pytest.mark.parametrize("name", ["unet.ipynb", "Unet (1).ipynb"])
def test_a_notebook_is_told_what_is_wanted(tmp_path, name):
    line = refusal(write(tmp_path / "ann" / name).parent)
    assert line == f"`{name}` is a notebook: hand in its code as `unet.py`"
    assert "is a notebook: hand in its code as a kata's .py" in trouble(tmp_path / "ann" / name)


def test_altered_names_side_by_side_are_one_submission(tmp_path):
    for name in ("add_noise (1).py", "timesteps-1.py"):
        write(tmp_path / "ann" / name)
    assert submissions_in(tmp_path / "ann", KATAS) == [tmp_path / "ann"]


@pytest.mark.parametrize("name", ["my-unet.py", "unet.txt", "unet_final.py"])
def test_a_file_of_another_name_is_told_the_right_one(tmp_path, name):
    line = refusal(write(tmp_path / "exercises" / name).parents[1])
    assert line == f"`exercises/{name}` is not taken: its name must be `unet.py`"


@pytest.mark.parametrize("name", ["AddNoise.py", "add-noise.py", "addnoise.py", "add noise-2.py"])
def test_words_may_be_written_otherwise(tmp_path, name):
    assert "`add_noise.py`" in refusal(write(tmp_path / name).parent, NOISE)


@pytest.mark.parametrize(
    "name", ["test_unet.py", "unet.png", "unetwork/readme.py", "train_unets.md"]
)
def test_other_files_are_no_katas(tmp_path, name):
    write(tmp_path / "a" / name)
    assert "holds no file of a kata" in trouble(tmp_path / "a")


@pytest.mark.parametrize("name", [f"exercises/{UNET[:-4]}Unet.py", f"Exercises/{UNET}.py", PLACE])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_collide_where_case_does_not_count(tmp_path, name):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(PLACE, CODE)
        file.writestr(name, b"x = 1")
    if name.startswith("Exercises"):  # another rank, but the same place
        assert "is one name" not in refusal(path)
    assert f"`{PLACE}`" in refusal(path) and f"`{name}`" in refusal(path)


# Bad input


def test_empty_folders_and_archives(tmp_path):
    (tmp_path / "a").mkdir()
    assert trouble(tmp_path / "a") == "`a` is empty"
    assert trouble(packed(tmp_path / "a.zip", {})) == "`a.zip` is empty"
    assert "cut off" in trouble(write(tmp_path / "b.zip", b""))
    assert "cut off" in trouble(write(tmp_path / "b.tar.gz", b""))


def test_a_submission_without_a_katas_file_says_what_was_looked_for(tmp_path):
    line = trouble(packed(tmp_path / "a.zip", {"essay.pdf": b"", "x/y.txt": b""}))
    assert "among 2 files" in line and "`exercises/00_hello_pipeline/unconditional.py` and " in line


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_where_nothing_was_looked_for_is_told(tmp_path, form):
    if form == "folder":
        path = write(tmp_path / "a/solutions" / f"{UNET}.py").parents[2]
    else:
        path = packed(tmp_path / "a.zip", {f"solutions/{UNET}.py": CODE, "__MACOSX/x": b""})
    line = f"`{path.name}` holds no file of a kata outside of `solutions`: `exercises/"
    assert trouble(path).startswith(line)


@pytest.mark.parametrize("name", [".DS_Store", "__MACOSX/._unet.py"])
def test_what_a_desktop_has_left_is_nothing(tmp_path, name):
    assert trouble(packed(tmp_path / "a.zip", {name: b""})) == "`a.zip` is empty"


def test_a_link_is_not_followed(tmp_path):
    secret = write(tmp_path / "secret.py", b"secret")
    place = write(tmp_path / "a" / PLACE)
    place.unlink()
    place.symlink_to(secret)
    assert refusal(tmp_path / "a").startswith(f"`{PLACE}` is a link")
    shutil.rmtree(tmp_path / "a/exercises")
    write(tmp_path / "elsewhere" / f"{UNET}.py")
    (tmp_path / "a/exercises").symlink_to(tmp_path / "elsewhere")
    assert read(tmp_path / "a").files == {}
    assert read(tmp_path / "a").troubles[0].startswith("`exercises` is a link")
    (tmp_path / "b").symlink_to(tmp_path / "elsewhere")
    assert trouble(tmp_path / "b").startswith("`b` is a link")


def test_a_folder_that_becomes_a_link_while_it_is_read(tmp_path):
    write(tmp_path / "a" / PLACE)
    write(tmp_path / "secret" / f"{UNET}.py", b"secret")
    tree = trees.Folder(tmp_path / "a")
    entry = next(e for e in tree.entries() if e.kind == trees.FILE)
    (tmp_path / "a/exercises").rename(tmp_path / "a/before")
    (tmp_path / "a/exercises").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        tree.read(entry)
    tree.close()


def test_whoever_grades_may_point_with_a_link(tmp_path):
    write(tmp_path / "class/alice" / PLACE)
    (tmp_path / "link").symlink_to(tmp_path / "class")
    assert submissions_in(tmp_path / "link", KATAS) == [tmp_path / "class/alice"]


def test_what_is_no_file_is_not_waited_for(tmp_path):
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a/unet.py")
    assert "neither a file nor a folder" in refusal(tmp_path / "a")
    os.mkfifo(tmp_path / "b.zip")
    assert "neither a file nor a folder" in trouble(tmp_path / "b.zip")
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(tmp_path, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{folder}/c.py")  # the whole path may be too long for a socket
        os.close(folder)
    assert "neither a file nor a folder" in trouble(tmp_path / "c.py")


@pytest.mark.parametrize("form", ["folder", "zip", "tar", "implied"])
def test_a_file_that_is_a_folder(tmp_path, form):
    path = tmp_path / f"a.{form}"
    if form == "folder":
        write(path / PLACE / "inside.txt")
    elif form == "zip":
        packed(path, {f"{PLACE}/": b""})
    elif form == "tar":
        info = tarfile.TarInfo(PLACE)
        info.type = tarfile.DIRTYPE
        taped(path, (info, b""), mode="w")
    else:
        path = packed(tmp_path / "a.zip", {f"{PLACE}/inside.txt": b""})
    assert refusal(path) == f"`{PLACE}` is a folder, where a file is wanted"


def test_a_file_of_a_gigabyte_is_not_read(tmp_path):
    path = write(tmp_path / "a" / PLACE)
    os.truncate(path, 2**30)
    assert "larger than 256 KiB" in refusal(tmp_path / "a")
    os.truncate(path, trees.LARGEST)
    assert len(read(tmp_path / "a").files[UNET]) == trees.LARGEST


def test_a_bomb_is_not_unpacked(tmp_path):
    bomb = bytes(2**24)
    assert "larger than 256 KiB" in refusal(packed(tmp_path / "a.zip", {PLACE: bomb}))
    path = taped(tmp_path / "a.tgz", (tarfile.TarInfo(PLACE), bomb))
    assert "larger than 256 KiB" in refusal(path)


def test_a_zip_that_lies_about_a_size(tmp_path):
    path = packed(tmp_path / "a.zip", {PLACE: bytes(2**22)})
    lie = path.read_bytes().replace((2**22).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert "damaged" in refusal(write(path, lie))


def test_an_archive_within_an_archive_stays_closed(tmp_path):
    inner = packed(tmp_path / "inner.zip", {PLACE: CODE}).read_bytes()
    line = trouble(packed(tmp_path / "a.zip", {"hw/inner.zip": inner}))
    assert line == "`a.zip` holds an archive that is not opened: hand in `hw/inner.zip` itself"


def test_two_archives_in_a_folder_are_one_too_many(tmp_path):
    for name in ("old.zip", "new.zip"):
        write(tmp_path / "a" / name)
    assert trouble(tmp_path / "a") == "`a` holds 2 archives and no kata's file: hand in one alone"


def test_of_a_submission_that_cannot_be_opened_every_kata_is_refused(tmp_path):
    submission = read(write(tmp_path / "a.zip", b"no zip"))
    assert submission.refused == {kata.id: submission.troubles[0] for kata in KATAS}


def test_a_tar_of_endless_zeros_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_IN_ALL", 2**20)
    path = taped(tmp_path / "a.tar.gz", (tarfile.TarInfo("zeros"), bytes(2**22)))
    assert "too large" in trouble(path)


def test_a_zip_whose_directory_is_enormous(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_AT_ONCE", 2**16)
    names = {f"{number:04}{'x' * 100}": b"" for number in range(1000)}
    assert "too large" in trouble(packed(tmp_path / "a.zip", names))


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_a_submission_of_too_many_files(tmp_path, monkeypatch, form):
    for module in (archive, trees):
        monkeypatch.setattr(module, "MOST_ENTRIES", 20)
    names = [f"{number}.txt" for number in range(30)]
    path = tmp_path / f"a.{form}"
    if form == "folder":
        for name in names:
            write(path / name)
    elif form == "zip":
        packed(path, dict.fromkeys(names, b""))
    else:
        taped(path, *((tarfile.TarInfo(name), b"") for name in names), mode="w")
    assert "holds more than" in trouble(path)


def test_folders_without_an_end(tmp_path):
    deep = tmp_path / "a" / Path(*"d" * 40)
    write(deep / "unet.py")
    submission = read(tmp_path / "a")
    assert submission.files == {}
    assert "not looked into" in submission.troubles[0]


@pytest.mark.parametrize(
    "name", ["../unet.py", "exercises/../../unet.py", "/etc/unet.py", "C:/unet.py", "a\0b.py"]
)
def test_a_name_that_leads_out_of_an_archive_makes_all_of_it_unfit(tmp_path, name):
    if "\0" not in name:
        path = taped(tmp_path / "a.tar", (tarfile.TarInfo(name), b""), mode="w")
        assert "nothing in it was read" in trouble(path)
    path = packed(tmp_path / "a.zip", {PLACE: CODE, name.replace("\0", "!"): b""})
    path.write_bytes(path.read_bytes().replace(b"a!b.py", b"a\0b.py"))
    assert "nothing in it was read" in trouble(path)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("exercises!02_training!unet.py", True),
        ("..!unet.py", False),
        ("a!..!..!unet.py", False),
        ("!unet.py", False),
        ("C:!unet.py", False),
        ("!!server!unet.py", False),
    ],
)
def test_a_zip_whose_names_have_backslashes(tmp_path, name, taken):
    path = packed(tmp_path / "a.zip", {"exercises!": b"", name: CODE})
    path.write_bytes(path.read_bytes().replace(b"!", b"\\"))
    if taken:
        assert (read(path).files, read(path).troubles) == ({UNET: CODE}, ())
    else:
        assert "nothing in it was read" in trouble(path)


def test_links_in_archives(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(linked(PLACE), "/etc/passwd")
    assert "is a link" in refusal(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(linked("exercises"), "/etc")
        file.writestr(PLACE, CODE)
    assert "below a link" in trouble(path)
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info = tarfile.TarInfo(PLACE)
        info.type, info.linkname = kind, "/etc/passwd"
        assert "is a link" in refusal(taped(tmp_path / "a.tar", (info, b""), mode="w"))


def test_encrypted_and_unusual_zips(tmp_path):
    path = packed(tmp_path / "a.zip", {PLACE: CODE})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    assert "password" in refusal(write(tmp_path / "b.zip", bytes(data)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as file:
        file.writestr(PLACE, CODE)
    assert "unusual" in refusal(path)


def test_damage_costs_the_file_that_it_hits(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(PLACE, CODE)
        file.writestr(f"exercises/{NOISE}.py", b"x = 1")
    path.write_bytes(path.read_bytes().replace(CODE, CODE.swapcase()))
    assert "damaged" in refusal(path)
    assert read(path).files == {NOISE: b"x = 1"}


@pytest.mark.parametrize("cut", [1, 20, 100, 150, -1, -30])
def test_a_half_written_upload(tmp_path, cut):
    path = packed(tmp_path / "a.zip", {PLACE: CODE, "x.txt": os.urandom(99)})
    assert "cut off" in trouble(write(tmp_path / "b.zip", path.read_bytes()[:cut]))


@pytest.mark.parametrize("cut", [512, 700, 1024, 1536, 1700, 2048])
def test_a_tar_is_whole_or_refused(tmp_path, cut):
    members = [(tarfile.TarInfo(name), os.urandom(99)) for name in ("x.txt", PLACE)]
    whole = taped(tmp_path / "a.tar", *members, mode="w").read_bytes()
    assert "cut off" in trouble(write(tmp_path / "b.tar", whole[:cut]))
    assert "cut off" in trouble(write(tmp_path / "b.tgz", gzip.compress(whole[:cut])))
    assert "cut off" in trouble(write(tmp_path / "c.tgz", gzip.compress(whole)[: cut // 8]))


def test_a_damaged_byte_is_answered_by_a_line(tmp_path):
    """Each byte of a small archive is changed in turn, and something is always said or taken."""
    whole = packed(tmp_path / "a.zip", {PLACE: CODE}).read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        submission = read(write(tmp_path / "a.zip", bytes(changed)))
        assert submission.files in ({}, {UNET: CODE})
        assert submission.files or submission.refused or submission.troubles


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.rar", "no form that is read"),
        ("a.7z", "hand in a folder, a .zip"),
        ("a.zip.part", "did not finish"),
        ("a.zip", "no archive of its kind"),
        ("work.py", "holds no file of a kata"),
    ],
)
def test_files_of_no_known_form(tmp_path, name, words):
    assert words in trouble(write(tmp_path / name, b"something"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path):
    path = write(tmp_path / "a" / PLACE)
    path.chmod(0)
    assert unread(tmp_path / "a") == f"`{PLACE}` may not be read by whoever grades"
    path.parent.chmod(0)
    assert "`exercises/02_training` may not be read" in unread(tmp_path / "a")
    path.parent.chmod(0o700)
    (tmp_path / "a").chmod(0)
    assert unread(tmp_path / "a") == "`a` may not be read by whoever grades"
    (tmp_path / "a").chmod(0o700)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("form", ["file", "folder", "zip", "tar.gz"])
def test_a_trouble_of_the_graders_own_disk_is_no_fault_of_a_learner(
    tmp_path, monkeypatch, number, form
):
    class Disk(io.BytesIO):
        def read(self, size=-1):
            raise OSError(number, os.strerror(number))

    def broken(*place):
        if form in ("file", "folder"):
            raise OSError(number, os.strerror(number))
        return Disk(b"content")

    path = tmp_path / f"a.{form}"
    if form in ("file", "folder"):
        write(path / PLACE)
    else:
        write(path)
    if form == "folder":
        write(path / "unet.py", b"an old one")
        monkeypatch.setattr(trees.os, "scandir", broken)
    else:
        for module in (trees, archive):
            monkeypatch.setattr(module, "open_file", broken)
    submission = read(path)
    assert (submission.files, submission.refused) == ({}, {})
    assert "read" in submission.unread[UNET]
    assert form == "file" or set(submission.unread) == {kata.id for kata in KATAS}


def test_what_vanishes_meanwhile(tmp_path, monkeypatch):
    place = write(tmp_path / "a" / PLACE)
    listed = trees.Folder.entries

    def list_and_remove(tree):
        entries = listed(tree)
        place.unlink()
        return entries

    monkeypatch.setattr(trees.Folder, "entries", list_and_remove)
    assert unread(tmp_path / "a") == f"`{PLACE}` vanished while it was read"
    assert unread(tmp_path / "b") == "`b` vanished while it was read"


def test_lines_hold_nothing_that_moves_a_terminal(tmp_path):
    folder = tmp_path / "a"
    for name in ("evil\n\x1b[31m`", b"\xff\xfe".decode("utf-8", "surrogateescape"), "x" * 250):
        write(folder / f"{name}1" / PLACE, b"1")
        write(folder / f"{name}2" / PLACE, b"2")
        line = refusal(folder)
        assert line.isprintable() and line.encode() and len(line) < 600
        shutil.rmtree(folder)


# A class


def test_the_children_of_a_class_are_its_submissions(tmp_path):
    write(tmp_path / "alice" / PLACE)
    packed(tmp_path / "bob.zip", {PLACE: CODE})
    write(tmp_path / "carol_unet.py")
    (tmp_path / "dave").mkdir()
    (tmp_path / "eve").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    for name in ("frank.rar", "grace.zip.part", "heidi.py"):
        write(tmp_path / name)
    for name in ("grades.csv", "README.md", ".DS_Store", ".git/HEAD", "__MACOSX/bob.zip"):
        write(tmp_path / name)
    submissions = list(read_class(tmp_path, KATAS))
    names = ["alice", "bob", "carol_unet", "dave", "eve", "frank", "grace.zip", "heidi", "pipe"]
    assert [s.name for s in submissions] == names
    assert [s.name for s in submissions if s.files] == names[:3]
    assert all(s.troubles for s in submissions if not s.files)


@pytest.mark.parametrize("name", ["ida.docx", "essay.txt", "scan.PDF", "page.html", "x.odt"])
def test_a_document_is_a_submission_that_cannot_be_read(tmp_path, name):
    write(tmp_path / "alice" / PLACE)
    submissions = {s.name: s for s in read_class(write(tmp_path / name).parent, KATAS)}
    assert "no form that is read" in submissions[Path(name).stem].refused[UNET]


def test_what_is_passed_over_in_a_class_is_named(tmp_path):
    write(tmp_path / "alice" / PLACE)
    for name in ("README.txt", "readme", "class_list.csv", "essay", ".DS_Store", "solutions/x"):
        write(tmp_path / name)
    assert submissions_in(tmp_path, KATAS) == [tmp_path / "alice"]
    names = ("class_list.csv", "essay", "readme", "README.txt", "solutions")
    assert passed_over(tmp_path, KATAS) == names
    assert passed_over(tmp_path / "alice", KATAS) == ()


def test_what_is_hidden_is_named_and_what_a_program_left_is_not(tmp_path):
    write(tmp_path / "ann" / PLACE)
    for name in (".alice.zip", ".bob/unet.py", ".cy.zip.icloud"):
        write(tmp_path / name)
    for name in (".git/HEAD", ".DS_Store", "._ann", "__MACOSX/x", ".~lock.a.docx#", "Thumbs.db"):
        write(tmp_path / name)
    assert passed_over(tmp_path, KATAS) == tuple(
        f"{name} (hidden)" for name in (".alice.zip", ".bob", ".cy.zip.icloud")
    )


STRAY = "(lies beside submissions, and does not say whose it is)"


@pytest.mark.parametrize(
    "stray", ["unet (1).py", "unet.py", "02_training/unet.py", "exercises/x", "UNET.PY"]
)
@pytest.mark.parametrize(
    "names",
    [
        ["alice.zip", "bob.zip"],
        ["alice.rar", "bob.7z"],
        ["alice/unet.py", "bob/hw.zip"],
        ["lee_12_34_unet.py", "kim_LATE_12_35_unet-1.py"],
        ["assignment-alice/exercises/02_training/unet.py", "bob.tar.gz"],
    ],
)
def test_a_stray_file_hides_no_class(tmp_path, names, stray):
    write(tmp_path / stray)
    for name in names:
        write(tmp_path / name)
    tops = sorted(name.split("/")[0] for name in names)
    assert [path.name for path in submissions_in(tmp_path, KATAS)] == tops
    assert passed_over(tmp_path, KATAS) == (f"{stray.split('/')[0]} {STRAY}",)


def test_what_lies_beside_a_learners_katas_makes_no_class(tmp_path):
    write(tmp_path / PLACE)
    for name in ("data.zip", "more.zip"):
        packed(tmp_path / name, {"picture.png": b""})
    for name in ("old/unet.py", "notes/a.txt", "report.pdf", "helper.py", "unet_notes.txt"):
        write(tmp_path / name)
    assert submissions_in(tmp_path, KATAS) == [tmp_path]
    line = "old (beside `exercises`; if it is somebody's own, grade it by itself)"
    assert passed_over(tmp_path, KATAS) == (line,)
    write(tmp_path / "older/unet.py")  # two, and one cannot be sure: nobody is left out unsaid
    assert {tmp_path / "old", tmp_path / "older"} <= set(submissions_in(tmp_path, KATAS))
    assert f"exercises {STRAY}" in passed_over(tmp_path, KATAS)
    write(tmp_path / "katas.toml")  # a checkout, whatever else it holds
    assert submissions_in(tmp_path, KATAS) == [tmp_path]
    assert passed_over(tmp_path, KATAS) == ()


@pytest.mark.parametrize(
    "names",
    [
        ["a.zip", "b.zip"],
        ["a/unet.py", "b/add_noise.py"],
        ["a_1_2_unet.py", "b_1_3_unet.py"],
        ["Ann/HW 1/Version 1/unet.py", "Bob/HW 1/Version 1/unet.py"],
    ],
)
@pytest.mark.parametrize("groups", [["batch"], ["one", "other one"]])
def test_a_class_one_folder_down_is_told_to_the_teacher(tmp_path, names, groups):
    for group in groups:
        for name in names:
            write(tmp_path / group / name)
    lines = [submission.troubles[-1] for submission in read_class(tmp_path, KATAS)]
    assert lines[0] == f"`{groups[0]}` looks like a class: then kata grade .../{groups[0]}"
    assert groups[1:] == [] or lines[1].endswith("kata grade '.../other one'")
    write(tmp_path / "cy" / PLACE)
    submissions = list(read_class(tmp_path, KATAS))
    assert not any("looks like a class" in line for s in submissions for line in s.troubles)


@pytest.mark.parametrize(
    ("note", "upload"),
    [
        ("HW1_ann_attempt_2024-01-05-10-05-00.txt", "HW1_ann_attempt_2024-01-05-10-05-00_unet.py"),
        ("Ann_1_assignsubmission_onlinetext_/x.html", "Ann_1_assignsubmission_file_/unet.py"),
    ],
)
def test_a_platforms_note_on_a_submission_is_none(tmp_path, note, upload):
    write(tmp_path / note)
    [alone] = read_class(tmp_path, KATAS)
    assert alone.troubles
    write(tmp_path / upload)
    write(tmp_path / "index.html")
    [submission] = read_class(tmp_path, KATAS)
    assert submission.files == {UNET: CODE}
    over = (f"{note.split('/')[0]} (a platform's note on a submission)", "index.html")
    assert passed_over(tmp_path, KATAS) == over


def test_files_of_one_name_in_one_folder_are_told_apart(tmp_path):
    for number, name in enumerate(["unet.py", "unet (1).py", "unet(2).py"]):
        write(tmp_path / name, b"%d" % number)
    submission = read(tmp_path)
    assert submission.files == {UNET: b"0"}
    assert submission.troubles == ("`unet.py` is read, and not `unet (1).py` and `unet(2).py`",)


@pytest.mark.parametrize("place", ["ann/ann/ann", "ann/exercises (1)", "ann/__MACOSX/../x"])
def test_folders_in_folders_as_unpacking_leaves_them(tmp_path, place):
    (tmp_path / "ann/__MACOSX").mkdir(parents=True)
    write(tmp_path / place / f"{UNET}.py")
    [submission] = read_class(tmp_path, KATAS)
    assert (submission.name, submission.files) == ("ann", {UNET: CODE})
    assert submission.troubles == ()


def test_the_folder_of_results_is_no_submission(tmp_path):
    write(tmp_path / "alice" / PLACE)
    for name in ("grades/x", "old/plan.json", "old/verdicts/1.json", "bob/plan.json"):
        write(tmp_path / name)
    out = tmp_path / "grades"
    assert submissions_in(tmp_path, KATAS, out) == [tmp_path / "alice", tmp_path / "bob"]
    over = ("grades (results of kata grade)", "old (results of kata grade)")
    assert passed_over(tmp_path, KATAS, out) == over


@pytest.mark.parametrize("place", [PLACE, f"{UNET}.py", "unet.py"])
def test_a_path_with_katas_is_one_submission(tmp_path, place):
    write(tmp_path / place)
    write(tmp_path / "notes/more.txt")
    assert submissions_in(tmp_path, KATAS) == [tmp_path]


def test_a_folder_around_a_submission_is_a_class_of_one(tmp_path):
    write(tmp_path / "alice" / PLACE)
    assert submissions_in(tmp_path, KATAS) == [tmp_path / "alice"]


def test_the_repository_is_a_submission_itself():
    assert submissions_in(MANIFEST.root, KATAS) == [MANIFEST.root]
    for tree in ("exercises", "solutions"):
        [path] = submissions_in(MANIFEST.root / tree, KATAS)
        assert set(read(path).files) == {kata.id for kata in KATAS}


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(IntakeError, match="No such file"):
        submissions_in(tmp_path / "nothing", KATAS)


# Names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("alice.tar.gz", "alice"),
        ("j.smith.zip", "j.smith"),
        ("Zoë O'Brien.zip", "Zoë O_Brien"),
        ('=HYPERLINK("x").zip', "HYPERLINK__x__"),
        ("-rf.zip", "rf"),
        ("<b>.zip", "b_"),
        ("a\n\x1b[31m\u202eb.zip", "a___31m_b"),
        ("....zip", "submission"),
        ("x" * 200 + ".zip", "x" * 50),
    ],
)
def test_names_are_safe(name, safe):
    assert safe_name(Path(name)) == safe


def test_names_that_are_alike_are_told_apart(tmp_path):
    paths = [tmp_path / n for n in ("Alice.zip", "alice", "alice-2.zip", "alice.zip", "bob.zip")]
    paths[1].mkdir()
    named = unique_names(paths)
    assert [name for name, _ in named] == ["Alice", "alice-3", "alice-2", "alice-4", "bob"]
    assert [bool(line) for _, line in named] == [False, True, False, True, False]
    assert named[1][1] == "`alice` is named like another submission: here it is `alice-3`"


def test_plain_text_is_one_short_printable_line():
    assert plain("a`b\nc\x1b\u202e\udcff") == "a'b\\x0ac\\x1b\\x202e\\xdcff"
    assert len(plain("x" * 10_000)) <= 201
