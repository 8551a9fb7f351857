"""Hand in conftest.py, pytest.ini, sitecustomize.py, a torch.py and plugins beside the kata."""

CLASS = "smuggling configuration"
FILES = {
    "conftest.py": "import os\nos._exit(0)\n",
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p evil"\n',
    "katas.toml": "",
    "evil.py": "import os\nos._exit(0)\n",
    "sitecustomize.py": "import os\nos._exit(0)\n",
    "torch.py": "raise SystemExit(0)\n",
    "kata/__init__.py": "raise SystemExit(0)\n",
    "kata/worker.py": "raise SystemExit(0)\n",
    "setup.py": "raise SystemExit(0)\n",
    "results.json": '{"score": 100}',
    "tests/02_training/test_add_noise.py": "def test_nothing(): pass\n",
}


def make(folder, kata):
    for name, text in FILES.items():
        for base in (folder, folder / "exercises" / kata.lesson):
            path = base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    (folder / "exercises" / kata.lesson / f"{kata.name}.py").write_text(hollow)
    return folder
