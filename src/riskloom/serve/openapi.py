"""The API's description."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskloom.serve.options import Options

_DETAIL = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}
_NAMED = {"type": "object", "additionalProperties": False, "required": ["entities"]}


def document(options: Options, *, secured: bool) -> dict[str, Any]:
    """Describe the API.

    Args:
        options: Its limits.
        secured: Whether an API key is asked for.
    """
    features = {
        "post": {
            "operationId": "get_online_features",
            "summary": "Features of entities, as Feast's feature server gives them.",
            "parameters": [
                {
                    "name": "x-riskloom-at",
                    "in": "header",
                    "description": "Instant of the read: the scored event's. Without it, what the store's clock says.",
                    "schema": {"type": "string", "format": "date-time"},
                }
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _request(options)}}},
            "responses": {
                "200": _json("The answer.", _ANSWER),
                **_errors(400, 401, 403, 404, 405, 408, 409, 413, 422, 503),
            },
            "security": [{"bearer": []}, {"key": []}] if secured else [],
        }
    }
    said = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Riskloom feature server", "version": version("riskloom")},
        "paths": {
            "/get-online-features": features,
            "/push": {"post": _push(options, secured=secured)},
            "/health": _get("health", "Whether the server runs.", _json("It runs.", said), 405),
            "/ready": _get("ready", "Whether features can be answered.", _json("They can.", said), 405, 503),
            "/metrics": _get(
                "metrics",
                "Counts for Prometheus.",
                {"description": "Counts.", "content": {"text/plain": {"schema": {"type": "string"}}}},
                405,
            ),
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            }
        },
    }


def _push(options: Options, *, secured: bool) -> dict[str, Any]:
    values = {"type": "array", "minItems": 1, "maxItems": options.entities}
    body = {
        "type": "object",
        "required": ["push_source_name", "df"],
        "additionalProperties": False,
        "properties": {
            "push_source_name": {"type": "string", "minLength": 1},
            "df": {"type": "object", "minProperties": 1, "additionalProperties": values},
            "to": {"enum": ["online"], "default": "online"},
            "allow_registry_cache": {"type": "boolean"},
            "transform_on_write": {"type": "boolean"},
        },
    }
    return {
        "operationId": "push",
        "summary": "Events that count in later reads before their log brings them, each id once.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": _json("All of them count.", _PUSHED), **_errors(400, 401, 403, 405, 408, 413, 422, 503)}
        | {"409": _json("Some are too old, or their view is not materialized.", _PUSHED)}
        | {"429": _json("A key holds as many pushed events as it may.", _PUSHED)},
        "security": [{"bearer": []}, {"key": []}] if secured else [],
    }


def _request(options: Options) -> dict[str, Any]:
    value = {"type": ["string", "integer"]}
    values = {"type": "array", "items": value, "minItems": 1, "maxItems": options.entities}
    features = {
        "type": "array",
        "items": {"type": "string", "pattern": "^[^:]+:[^:]+$"},
        "minItems": 1,
        "maxItems": options.features,
    }
    common = {
        "entities": {"type": "object", "minProperties": 1, "additionalProperties": values},
        "full_feature_names": {"type": "boolean", "default": False},
        "include_feature_view_version_metadata": {"type": "boolean", "default": False},
        "at": {"type": "string", "format": "date-time"},
    }
    service = {**_NAMED, "properties": {**common, "feature_service": {"type": "string", "minLength": 1}}}
    listed = {**_NAMED, "properties": {**common, "features": features}}
    return {
        "oneOf": [
            {**service, "required": ["entities", "feature_service"]},
            {**listed, "required": ["entities", "features"]},
        ]
    }


_PUSHED = {
    "type": "object",
    "required": ["outcomes"],
    "properties": {
        "detail": {"type": "string"},
        "outcomes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["event", "view", "status"],
                "properties": {
                    "event": {"type": "integer"},
                    "view": {"type": "string"},
                    "status": {
                        "enum": [
                            "accepted",
                            "repeated",
                            "no_key",
                            "too_old",
                            "recent_full",
                            "not_materialized",
                        ]
                    },
                },
            },
        },
    },
}
_ANSWER = {
    "type": "object",
    "required": ["metadata", "results"],
    "properties": {
        "metadata": {
            "type": "object",
            "required": ["feature_names"],
            "properties": {"feature_names": {"type": "array", "items": {"type": "string"}}},
        },
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["values", "statuses", "event_timestamps"],
                "properties": {
                    "values": {"type": "array"},
                    "statuses": {
                        "type": "array",
                        "items": {"enum": ["PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE"]},
                    },
                    "event_timestamps": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
_REASONS = {
    400: "The body is no JSON.",
    401: "The API key is missing or unknown.",
    403: "The API key lacks the scope.",
    404: "A service, view, feature or key is unknown.",
    405: "The path is asked by another method.",
    408: "The body did not come in time.",
    409: "A state in the store is damaged, or of another declaration.",
    413: "The body is too large.",
    422: "The request asks for nothing, for too much, or with values of another type.",
    503: "The store or the registry is away; the reason is told.",
}


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): _json(_REASONS[status], _DETAIL) for status in statuses}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _get(operation: str, summary: str, answer: dict[str, Any], *errors: int) -> dict[str, Any]:
    return {"get": {"operationId": operation, "summary": summary, "responses": {"200": answer, **_errors(*errors)}}}
