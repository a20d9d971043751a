"""`[sla] steps` and `[routing]`: their defaults, and what is said about mistakes in them."""

from __future__ import annotations

import pytest

from playbook import conditions
from playbook.data import rules
from playbook.data.rules import Rules
from playbook.errors import RulesError


@pytest.fixture
def load(tmp_path):
    def from_text(text: str) -> Rules:
        path = tmp_path / "playbook.toml"
        path.write_text(text, encoding="utf-8")
        return rules.load(path)

    return from_text


def test_website_leads_get_the_three_steps_of_the_handbook():
    """B2-R2: e-mail at once, WeCom within 2 h, SDR call within 24 h."""
    steps = Rules().sla.steps
    assert [(step.name, step.hours) for step in steps[1:]] == [("WeCom", 2), ("SDR call", 24)]
    assert steps[0].hours <= 0.25
    assert [step.automatic for step in steps] == [True, True, False]


def test_labels_stand_for_codes_in_steps_and_routing(load):
    own = load(
        '[[sla.steps]]\nname = "x"\nhours = 1\ndone_by = ["电话", "发送邮件"]\n'
        '[routing]\nfallback = "SDR组"\n[[routing.rules]]\nname = "hot"\nteam = "销售A组"\n'
        'when = {all = [{field = "account.region", op = "eq", value = "华南"}, '
        '{field = "score.points", op = "gt", value = 80}]}\n'
    )
    assert own.sla.steps[0].done_by == ("call", "email_sent")
    assert conditions.describe(own.routing.rules[0].when) == (
        "account.region is south_china and score.points is more than 80"
    )


def test_no_steps_may_be_asked_for(load):
    assert load("[sla]\nsteps = []\n").sla.steps == ()


def test_the_example_of_the_template_loads(load):
    text = rules.template()
    start = text.index("# [[routing.rules]]")
    shown = text[start : text.index("# When a lead goes to the nurture pool")]
    lines = [
        line.removeprefix("# ") for line in shown.splitlines() if " = " in line or "[[" in line
    ]
    own = load('[routing]\nfallback = "SDR组"\n' + "\n".join(lines) + "\n")
    assert own.routing.rules[0].name == "South China, hot"
    assert own.routing.leave[0].staff_id == "S21"


STEP = '[[sla.steps]]\nname = "a"\nhours = 1\ndone_by = ["call"]\n'
RULE = (
    '[[routing.rules]]\nname = "{}"\nteam = "A"\n'
    'when = {{field = "account.region", op = "in", value = ["south_china", "east_china"]}}\n'
)
TURNED = RULE.replace('"south_china", "east_china"', '"east_china", "south_china"')
ROUTE = '[routing]\nfallback = "B"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            STEP.replace("hours = 1", "hours = -2"),
            "line 3, sla.steps[0].hours: must be more than 0, not -2",
        ),
        (
            STEP.replace('"call"', '"cal"'),
            (
                "line 4, sla.steps[0].done_by[0]: unknown method or touch type 'cal'; did you mean "
                "'call'? Allowed: call, wecom,"
            ),
        ),
        (
            STEP + "hour = 3\n",
            (
                "line 5, sla.steps[0].hour: unknown key 'hour'; did you mean 'hours'? Allowed: "
                "name, hours, done_by, automatic, when"
            ),
        ),
        ('[[sla.steps]]\nname = "a"\nhours = 1\n', "line 1, sla.steps[0].done_by: is missing"),
        (
            STEP.replace('"a"', '"response"'),
            "line 2, sla.steps[0].name: 'response' is the answer itself: set high_intent_hours",
        ),
        (
            STEP + STEP.replace("= 1", "= 2"),
            "line 6, sla.steps[1].name: is owed by the same leads as steps[0] of that name",
        ),
        (
            STEP + STEP + "automatic = true\n",
            "line 6, sla.steps[1].name: differs in done_by or automatic from steps[0]",
        ),
        (
            STEP + 'when = {field = "account.regin", op = "filled"}\n',
            (
                "line 5, sla.steps[0].when.field: unknown field 'account.regin'; did you mean "
                "'account.region'?"
            ),
        ),
        (
            STEP + 'when = {field = "score.points", op = "gt", value = 80}\n',
            "line 5, sla.steps[0].when.field: unknown table 'score'",
        ),
        (
            RULE.format("a"),
            "line 1, routing.fallback: is missing: name the team that gets the leads which no rule",
        ),
        (
            ROUTE + RULE.format("a") + TURNED.format("b"),
            "line 10, routing.rules[1].when: is the condition of rules[0] ('a') too, which takes",
        ),
        (
            ROUTE + RULE.format("a") + RULE.replace("east_china", "north_china").format("a"),
            "line 8, routing.rules[1].name: 'a' is the name of rules[0] too",
        ),
        (
            ROUTE + '[[routing.rules]]\nname = "a"\nteam = "A"\n'
            'when = {field = "score.point", op = "gt", value = 80}\n',
            (
                "line 6, routing.rules[0].when.field: unknown field 'score.point'; did you mean "
                "'score.points'?"
            ),
        ),
        (
            ROUTE + '[[routing.rules]]\nname = "a"\nteam = "A"\nwhen = {all = [\n'
            '{field = "score.points", op = "gt", value = 80},\n'
            '{field = "score.points", op = "le", value = 80}]}\n',
            "line 6, routing.rules[0].when: asks for score.points above 80 and below 80 at once",
        ),
        (
            ROUTE + "capacity_per_day = 0\n",
            "line 3, routing.capacity_per_day: must be at least 1, not 0",
        ),
        (
            ROUTE + '[[routing.leave]]\nstaff_id = "S"\nfirst = 2026-10-02\nlast = 2026-10-01\n',
            "line 6, routing.leave[0].last: 2026-10-01 lies before the first day away (2026-10-02)",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(load, text, message):
    with pytest.raises(RulesError) as refused:
        load(text)
    (told,) = str(refused.value).splitlines()[1:]
    assert told.strip().startswith(message)


def test_bounds_that_meet_are_no_contradiction(load):
    own = load(
        ROUTE + '[[routing.rules]]\nname = "a"\nteam = "A"\nwhen = {all = [\n'
        '{field = "score.points", op = "ge", value = 80},\n'
        '{field = "score.points", op = "le", value = 80}]}\n'
    )
    assert len(own.routing.rules) == 1
