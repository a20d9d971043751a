"""`[nurture]` in `playbook.toml`: the handbook's flows, and all that can be wrong with one."""

from __future__ import annotations

import pytest

from playbook.chapters import nurture as chapter
from playbook.data import rules, schema
from playbook.data.rules import Rules
from playbook.data.rules.nurture import Flow, Signal, Step
from playbook.errors import RulesError


@pytest.fixture
def load(tmp_path):
    """Loads rules from a text."""

    def from_text(text: str) -> Rules:
        path = tmp_path / "playbook.toml"
        path.write_text(text, encoding="utf-8")
        return rules.load(path)

    return from_text


def days(flow):
    return [(step.label, step.offset_hours / 24) for step in flow.steps]


def test_the_flows_of_the_handbook_hold_without_a_file():
    own = Rules().nurture.running
    assert days(own["nurture_137"]) == [("d1", 1), ("d3", 3), ("d7", 7)]  # B2-R5
    assert [step.content for step in own["nurture_137"].steps] == [
        "industry report", "invitation to an online salon", "success case"
    ]  # fmt: skip
    event = own["post_event_21d"]
    assert max(day for _, day in days(event)) == 21  # B4-T3
    assert [s.within_hours for s in event.steps if s.within_hours] == [24, 48, 168]  # P07-R2
    assert own["renewal"].on == "contract_end"  # B5-R3


def test_the_three_states_lead_to_each_other():
    """B1-R2 to B1-R4."""
    potential, connected, intent = chapter.ladder(Rules())
    assert (potential.goal, connected.goal, intent.goal) == ("connected", "intent", "signing")
    assert "white paper" in potential.move
    assert "case" in connected.move
    assert "quote" in intent.move


def test_finance_gets_its_own_paper_and_leads_of_ads_hear_what_they_viewed():
    """B5-R2."""
    own = Rules().nurture
    assert "finance" in own.content_by_industry["finance"]
    assert "{content}" in own.opening_by_source["sem"]


def test_signals_are_the_stages_of_the_schema_and_a_few_more():
    assert set(schema.TABLES["stage_event"].column("stage").values) <= set(Signal.__args__)


def test_a_flow_of_the_company_stands_beside_ours_or_replaces_it(load):
    own = load(
        '[nurture.flows.mine]\non = "valid"\nexits = ["mql", "unsubscribed"]\n'
        'steps = [{day = 0, content = "hello"}]\n'
        '[nurture.flows.renewal]\nactive = false\non = "contract_end"\ndays_before = 30\n'
        'exits = ["renewed", "unsubscribed"]\nsteps = [{day = 0, content = "x"}]\n'
    )
    assert list(own.nurture.flows) == ["nurture_137", "post_event_21d", "renewal", "mine"]
    assert "renewal" not in own.nurture.running
    assert own.hash != Rules().hash
    assert Rules.model_validate_json(own.model_dump_json()) == own


def test_the_programme_has_every_setting_of_the_rules(load):
    own = load(
        "[nurture.touch]\nper_day = 2\nper_week = 9\nmissed_after_days = 3\n"
        'send_at = "11:30"\nsend_hours = "10:00-19:00"\norder = ["sms"]\nneeds_consent = []\n'
        '[nurture.flows.mine]\ntitle = "Mine"\nafter_flow = "nurture_137"\nagain = true\n'
        'when = {field = "lead.contact_valid", op = "is_true"}\npriority = 1\n'
        'ends_after_days = 9\nexits = ["mql", "unsubscribed"]\n'
        'steps = [{hours = 48, within_hours = 50, name = "s", templates = {sms = "T"}}]\n'
    )
    programme = chapter.programme(own)
    flow, touch = programme.flow("mine"), programme.touch
    assert (touch.per_day, touch.per_week, touch.missed_after_days) == (2, 9, 3)
    assert (f"{touch.send_at:%H:%M}", touch.order, touch.needs_consent) == ("11:30", ("sms",), ())
    assert (flow.title, flow.after_flow, flow.again, flow.priority) == (
        "Mine", "nurture_137", True, 1
    )  # fmt: skip
    assert flow.when == own.nurture.flows["mine"].when
    assert flow.steps[0].templates == {"sms": "T"}
    assert (flow.steps[0].name, flow.steps[0].within_hours) == ("s", 50)


BROKEN = """\
[nurture.touch]
per_day = 0
order = ["email", "fax"]

[nurture.flows.a]
on = "nurtur"
exits = ["unsubscribed"]
steps = [{day = -1, content = "x"}]

[nurture.flows.b]
on = "nurture"
steps = [{day = 3, content = "x"}, {day = 1, content = "y"}]

[nurture.flows.c]
after_flow = "d"
exits = ["mql", "unsubscribed"]
steps = [{day = 1}]

[nurture.flows.d]
after_flow = "c"
exits = ["mql", "unsubscribed"]
ends_after_days = 5
steps = [{day = 6, content = "x"}]
"""


def test_everything_wrong_with_flows_is_said_at_once_with_its_line(load):
    with pytest.raises(RulesError) as refused:
        load(BROKEN)
    told = [line.strip() for line in str(refused.value).splitlines()[1:]]
    signals = ", ".join(Signal.__args__)
    assert told == [
        "line 2, nurture.touch.per_day: must be at least 1, not 0",
        (
            "line 3, nurture.touch.order[1]: unknown value 'fax'. Allowed: email, wecom, sms, "
            "official_account"
        ),
        (
            f"line 6, nurture.flows.a.on: unknown value 'nurtur'; did you mean 'nurture'? Allowed: "
            f"{signals}"
        ),
        "line 8, nurture.flows.a.steps[0].day: must be at least 0, not -1",
        (
            "line 10, nurture.flows.b.exits: a flow needs an exit: signals that end it, such as "
            '["mql", "unsubscribed"]; without one it goes on writing to customers'
        ),
        (
            "line 12, nurture.flows.b.steps[1]: lies before step 'd3' that precedes it and is "
            "never reached in turn: put the steps in the order of time"
        ),
        (
            "line 15, nurture.flows.c.after_flow: is a loop: c after d after c; none of them ever "
            "starts"
        ),
        (
            "line 17, nurture.flows.c.steps[0]: step 'd1' has nothing to send: give content or "
            "templates"
        ),
        (
            "line 23, nurture.flows.d.steps[0]: step 'd6' comes after the flow has ended "
            "(ends_after_days = 5)"
        ),
    ]


FLOW = '[nurture.flows.x]\n{}exits = ["mql", "unsubscribed"]\nsteps = [{}]\n'
STEP = '{day = 1, content = "x"}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FLOW.format("", STEP), "line 1, nurture.flows.x: needs one of on and after_flow"),
        (
            FLOW.format('on = "mql"\n', STEP),
            "line 3, nurture.flows.x.exits: 'mql' starts the flow and ends it at once",
        ),
        (
            FLOW.format('on = "nurture"\n', STEP).replace(', "unsubscribed"', ""),
            "line 3, nurture.flows.x.exits: must name 'unsubscribed'",
        ),
        (
            FLOW.format('on = "nurture"\ndays_before = 9\n', STEP),
            'line 3, nurture.flows.x.days_before: is about on = "contract_end"',
        ),
        (
            FLOW.format('on = "contract_end"\n', STEP),
            "line 2, nurture.flows.x.days_before: must be at least 1",
        ),
        (
            FLOW.format('on = "contract_end"\ndays_before = 30\n', STEP.replace("1", "30")),
            (
                "line 5, nurture.flows.x.steps[0]: step 'd30' comes after the flow has ended "
                "(days_before = 30)"
            ),
        ),
        (
            FLOW.format('after_flow = "renewl"\n', STEP),
            "line 2, nurture.flows.x.after_flow: unknown flow 'renewl'; did you mean 'renewal'?",
        ),
        (
            FLOW.format('on = "nurture"\n', f'{STEP}, {{day = 3, name = "d1", content = "y"}}'),
            "line 4, nurture.flows.x.steps[1]: a second step 'd1'; give each a name of its own",
        ),
        (
            FLOW.format('on = "nurture"\n', '{content = "x"}'),
            "line 4, nurture.flows.x.steps[0]: give one of day, hours",
        ),
        (
            FLOW.format('on = "nurture"\n', '{hours = 30, within_hours = 24, content = "x"}'),
            "line 4, nurture.flows.x.steps[0].within_hours: the deadline (24 h) is not after",
        ),
        (
            FLOW.format(
                'on = "nurture"\n', '{day = 1, channels = ["email", "call"], content = "x"}'
            ),
            "line 4, nurture.flows.x.steps[0].channels: call and task are done by a person",
        ),
        (
            FLOW.format(
                'on = "nurture"\n', '{day = 1, channels = ["sms"], templates = {email = "T"}}'
            ),
            "line 4, nurture.flows.x.steps[0].templates: has no template for sms",
        ),
        (
            FLOW.format('on = "nurture"\n', f'{STEP}, {{hours = 26, name = "y", content = "y"}}'),
            (
                "line 4, nurture.flows.x.steps[1]: step 'y' would be message 2 in 1 day; "
                "[nurture.touch] per_day = 1 never lets it through in time"
            ),
        ),
        (
            "[nurture.touch]\nper_day = 4\n",
            "line 2, nurture.touch.per_day: 4 is more than per_week (3)",
        ),
        (
            '[nurture.touch]\nsend_at = "21:00"\n',
            "line 2, nurture.touch.send_at: lies in the quiet hours: messages go out 09:00-20:00",
        ),
        (
            '[nurture.touch]\nsend_at = "10"\n',
            'line 2, nurture.touch.send_at: must be a clock time such as "10:00"',
        ),
        (
            '[nurture.opening_by_source]\nsemm = "x"\n',
            "line 2, nurture.opening_by_source.semm: unknown channel_group 'semm'; did you mean",
        ),
        (
            FLOW.format('on = "nurture"\n', '{dya = 1, content = "x"}'),
            "line 4, nurture.flows.x.steps[0].dya: unknown key 'dya'; did you mean 'day'?",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_do(load, text, message):
    with pytest.raises(RulesError) as refused:
        load(text)
    told = str(refused.value).splitlines()
    assert told[0].endswith("has 1 mistake:"), told
    assert message in told[1]


def test_the_template_says_every_key_of_a_flow_and_of_a_step():
    text = rules.template()
    for key in (*Flow.model_fields, *Step.model_fields):
        assert f"#   {key}: " in text
