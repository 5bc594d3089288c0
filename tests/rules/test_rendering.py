"""Parameters are filled in as StackStorm does, and nothing an event holds is more than data."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.rules.rendering import RenderingError, rendered

NAMES: dict[str, Any] = {
    "trigger": {
        "node": "n4",
        "nodes": ["n4", "n5"],
        "count": 3,
        "none": None,
        "data": {"a": {"b": 1}},
        "evil": "{{ 7 * 7 }}{% for x in range(9) %}x{% endfor %}",
        "json": '{"a": [1, 2]}',
        "yaml": "a: [1, 2]",
    },
    "config_context": {"trigger_sensor_ip": "10.0.0.1"},
    "st2kv": {"system": {"room": "#ops"}},
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        (5, 5),
        (None, None),
        ("{{ trigger.node }}", "n4"),
        ("{{trigger.nodes}}", ["n4", "n5"]),
        ("{{ trigger.count }}", 3),
        ("{{ trigger.count > 2 }}", True),
        ("{{ trigger.none }}", None),
        ("{{ trigger.data }}", {"a": {"b": 1}}),
        ("{{ trigger.data.a.b }} of {{ trigger.count }}", "1 of 3"),
        ("{{ trigger['node'] }}!", "n4!"),
        ("http://{{ config_context.trigger_sensor_ip }}:32000/", "http://10.0.0.1:32000/"),
        ("{{ st2kv.system.room }}", "#ops"),
        ("{{ trigger.evil }}", NAMES["trigger"]["evil"]),
        ("<{{ trigger.evil }}>", f"<{NAMES['trigger']['evil']}>"),
        ({"a": ["{{ trigger.node }}", 1], "{{ trigger.node }}": 2}, {"a": ["n4", 1], "n4": 2}),
        ("{% if trigger.count > 2 %}many{% else %}few{% endif %}", "many"),
        ("{% for node in trigger.nodes %}{{ node }},{% endfor %}", "n4,n5,"),
        ("{{ trigger.nodes | join(',') }}", "n4,n5"),
        ("{{ trigger.absent | default('x') }}", "x"),
        ("{{ '{{' }}", "{{"),
        ("{{ trigger.json | from_json_string }}", {"a": [1, 2]}),
        ("{{ trigger.yaml | from_yaml_string }}", {"a": [1, 2]}),
        ("{{ trigger.data | to_json_string }}", '{"a": {"b": 1}}'),
        ("{{ trigger.data | to_yaml_string }}", "a:\n  b: 1\n"),
        ("{{ 'a\"b\\n' | json_escape }}", 'a\\"b\\n'),
        ("{{ trigger | jsonpath_query('data.a.b') }}", [1]),
        ("{{ trigger | jsonpath_query('nothing') }}", None),
        ("{{ trigger.nodes | to_complex }}", '["n4", "n5"]'),
        ("{{ trigger.none | use_none }}", None),
        ("{{ trigger.node | use_none }}", "n4"),
        ("{{ '/a/b.c' | basename }} {{ '/a/b.c' | dirname }}", "b.c /a"),
        ("{{ trigger.node | regex_match('n[0-9]') }}", True),
        ("{{ trigger.node | regex_search('[0-9]$') }}", True),
        ("{{ 'ABC' | regex_search('b', ignorecase=True) }}", True),
        ("{{ trigger.node | regex_replace('n', 'node-') }}", "node-4"),
        ("{{ 'a1b22' | regex_substring('[0-9]+', 1) }}", "22"),
        ("{{ 185 | to_human_time_from_seconds }}", "3m5s"),
        ("{{ 0 | to_human_time_from_seconds }}", "0s"),
        ("{{ 90061 | to_human_time_from_seconds }}", "1d1h1m1s"),
        ("{{ '1.2.3' | version_compare('1.2.4') }}", -1),
        ("{{ '1.2.3' | version_more_than('1.2.2') }}", True),
        ("{{ '1.2.3' | version_less_than('1.2.2') }}", False),
        ("{{ '1.2.3' | version_equal('1.2.3') }}", True),
        ("{{ '1.2.3' | version_match('>=1.2.0') }}", True),
        ("{{ '1.2.3' | version_bump_major }} {{ '1.2.3' | version_bump_minor }}", "2.0.0 1.3.0"),
        ("{{ '1.2.3' | version_bump_patch }} {{ '1.2.3' | version_strip_patch }}", "1.2.4 1.2"),
    ],
)
def test_a_template_gives(template: Any, value: Any) -> None:
    made = rendered(template, NAMES)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ trigger.absent }}", "a name is not there: 'dict object' has no attribute 'absent'"),
        ("x {{ absent }}", "a name is not there: 'absent' is undefined"),
        (
            "{{ trigger.node.__class__ }}",
            "it does what it may not: access to attribute '__class__' of 'str' object is unsafe",
        ),
        ("{{ ''.format.__globals__ }}", "it does what it may not"),
        ("{{ trigger.update({'a': 1}) }}", "it does what it may not"),
        ("{{ trigger.nodes.append(1) }}", "it does what it may not"),
        ("{{ '%s' % 5 }}", "it does what it may not: texts are not formatted with %"),
        ("{{ '{:>99999999}'.format(1) }}", "it does what it may not"),
        ("{{ 'a' * 999999999 }}", "it does what it may not: what is multiplied gets too large"),
        ("{{ 9 ** 9 ** 9 }}", "it does what it may not: there is no ** in rules"),
        ("{{ range(10000000) | list }}", "it fails: OverflowError"),
        ("{% for a in range(90000) %}xxxxxxxxxx{% endfor %}", "more than 262144 characters"),
        ("{{ 'x' | center(99999999) }}", "no template: No filter named 'center'."),
        ("{{ lipsum(n=1000) }}", "a name is not there: 'lipsum' is undefined"),
        ("{{ '{' | from_json_string }}", "it fails: JSONDecodeError"),
        ("{{ '[&a x, *a]' | from_yaml_string }}", "it fails: ValueError"),
        ("{{ trigger.node | version_bump_major }}", "it fails: ValueError"),
        ("{% include 'x' %}", "it fails: TypeError"),
        ("{{ 1", "no template: unexpected end of template"),
    ],
)
def test_a_template_that_cannot_be_filled_in_says_why(template: str, why: str) -> None:
    with pytest.raises(RenderingError) as caught:
        rendered(template, NAMES)
    assert str(caught.value).startswith(why), str(caught.value)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=60) | st.sampled_from(["{{ 1 }}", "{% raw %}", "{# x #}", "{{ trigger }}"]))
def test_what_an_event_says_comes_through_as_it_was(text: str) -> None:
    names = {"trigger": {"a": text}}
    assert rendered("{{ trigger.a }}", names) == text
    assert rendered("<{{ trigger.a }}>", names) == f"<{text}>"
    assert rendered(["{{ trigger.a }}"], names) == [text]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(alphabet="{}%#abc .|()[]'\"~*+-0", max_size=40))
def test_no_template_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(RenderingError):
        rendered(text, NAMES)
