"""As much of JSON Schema 2020-12 as `flodl schema` uses; a word that is not known here is an error."""

from __future__ import annotations

import re

_TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}
_NUMBERS = {
    "minimum": lambda v, bound: v >= bound,
    "maximum": lambda v, bound: v <= bound,
    "exclusiveMinimum": lambda v, bound: v > bound,
    "exclusiveMaximum": lambda v, bound: v < bound,
}
_LENGTHS = {"minLength": str, "minItems": list, "minProperties": dict}
_REMARKS = {"$schema", "$defs", "title", "description", "default", "examples"}


def fits(value, schema, root):
    """Whether a value is as a schema says."""
    return all(_keeps(value, word, said, schema, root) for word, said in schema.items() if word not in _REMARKS)


def _keeps(value, word, said, schema, root):
    if word == "$ref":
        return fits(value, root["$defs"][said.removeprefix("#/$defs/")], root)
    if word == "anyOf":
        return any(fits(value, each, root) for each in said)
    if word == "enum":
        return value in said
    if word == "type":
        return any(_TYPES[name](value) for name in ([said] if isinstance(said, str) else said))
    if word == "pattern":
        return not isinstance(value, str) or re.search(said, value) is not None
    if word in _NUMBERS:
        return not _TYPES["number"](value) or _NUMBERS[word](value, said)
    if word in _LENGTHS:
        return not isinstance(value, _LENGTHS[word]) or len(value) >= said
    if word == "items":
        return not isinstance(value, list) or all(fits(item, said, root) for item in value)
    return not isinstance(value, dict) or _keeps_keys(value, word, said, schema, root)


def _keeps_keys(value, word, said, schema, root):
    if word == "properties":
        return all(fits(value[key], said[key], root) for key in said if key in value)
    if word == "required":
        return all(key in value for key in said)
    assert word == "additionalProperties", word
    rest = [value[key] for key in value if key not in schema.get("properties", {})]
    return not rest if said is False else all(fits(item, said, root) for item in rest)
