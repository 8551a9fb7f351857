"""The loop of the shipped models goes on where it was interrupted, to the same end."""

import pytest
import torch
import training
from training import Plan, train

PLAN = Plan(steps=12, batch_size=2, lr=0.1, seed=3, warmup=2, ema_decay=0.9)


class Interrupted(Exception):
    """Stands for Ctrl-C."""


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "RUNS", tmp_path)
    monkeypatch.setattr(training, "SAVE_EVERY", 4)
    monkeypatch.setattr(training, "PREVIEW_EVERY", 6)


def run(name, stop_at=None, plan=PLAN):
    torch.manual_seed(plan.seed)
    model = torch.nn.Linear(3, 1)
    steps = []

    def loss_of(generator):
        steps.append(None)
        if len(steps) == stop_at:
            raise Interrupted
        x = torch.randn(plan.batch_size, 3, generator=generator)
        return (model(x) - x.sum(1, keepdim=True)).square().mean()

    facts = train(name, plan, model, loss_of, lambda path: path.write_text("looked"))
    return model, facts, len(steps)


def test_an_interrupted_training_ends_in_the_same_weights():
    whole, _, _ = run("whole")
    with pytest.raises(Interrupted):
        run("halves", stop_at=7)
    halves, _, steps = run("halves")
    assert steps == 8  # from the checkpoint of step 4
    for one, other in zip(whole.parameters(), halves.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_is_kept_is_the_average_of_the_weights(tmp_path):
    model, _, _ = run("average")
    last = torch.load(tmp_path / "average" / "checkpoint.pt", weights_only=True)
    assert not torch.equal(model.weight, last["modules"]["weight"])
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_it_leaves_facts_and_previews(tmp_path):
    _, facts, _ = run("facts")
    assert facts["steps"] == 12
    assert facts["device"] == "CPU" or torch.cuda.is_available()
    names = sorted(path.name for path in (tmp_path / "facts").iterdir())
    assert names == ["checkpoint.pt", "preview-00006.png", "preview-00012.png"]


def test_a_checkpoint_of_other_settings_is_not_taken(tmp_path):
    run("settings")
    with pytest.raises(SystemExit, match="other settings"):
        run("settings", plan=Plan(steps=20, batch_size=2, lr=0.1, seed=3))
