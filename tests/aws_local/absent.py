"""What a stack of a template does not have, because no condition asks for it."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]


def without(template: Json, parameters: dict[str, Any]) -> Json:
    """The template as a stack with these parameters has it; who names what is gone gets nothing."""
    values = {name: own.get("Default") for name, own in template["Parameters"].items()} | parameters
    rules = template.get("Conditions", {})
    resources, gone = template["Resources"], list[str]()
    for name, own in list(resources.items()):
        asked = own.get("Condition")
        if asked and not holds(rules[asked], rules, values):
            gone.append(name)
            del resources[name]
    text = json.dumps(template)
    for name in gone:
        text = text.replace(json.dumps({"Ref": name}), '""')
        text = text.replace(json.dumps({"Fn::GetAtt": [name, "Arn"]}), '""')
    left: Json = json.loads(text)
    return left


def holds(rule: Any, rules: Json, values: Json) -> bool:
    """A condition of CloudFormation."""
    ((word, own),) = rule.items()
    if word == "Condition":
        return holds(rules[own], rules, values)
    if word == "Fn::Not":
        return not holds(own[0], rules, values)
    if word in ("Fn::And", "Fn::Or"):
        found = [holds(one, rules, values) for one in own]
        return all(found) if word == "Fn::And" else any(found)
    assert word == "Fn::Equals", f"a condition that is not known here: {word}"
    one, other = (values[side["Ref"]] if isinstance(side, dict) else side for side in own)
    return str(one) == str(other)
