"""What the provider functions that the program calls return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validation.faithful.created import ACCOUNT, Outputs


def answer(token: str, given: Mapping[str, Any], region: str) -> Mapping[str, Any] | None:
    """What a provider function returns, or None if nobody has written that down."""
    match token:
        case "aws:index/getPartition:getPartition":
            return {
                "id": "aws",
                "partition": "aws",
                "dnsSuffix": "amazonaws.com",
                "reverseDnsPrefix": "com.amazonaws",
                "region": region,
            }
        case "aws:index/getCallerIdentity:getCallerIdentity":
            user = f"arn:aws:iam::{ACCOUNT}:user/deployer"
            return {"id": ACCOUNT, "accountId": ACCOUNT, "arn": user, "userId": "AIDAEXAMPLEEXAMPLE012"}
        case "aws:index/getRegion:getRegion":
            named = given.get("region") or region
            return {"id": named, "region": named, "endpoint": f"ec2.{named}.amazonaws.com", "description": named}
        case "aws:index/getAvailabilityZones:getAvailabilityZones":
            return _zones(given, region)
        case _:
            return None


def _zones(given: Mapping[str, Any], region: str) -> Outputs:
    """The zones that are asked for by id, in the order of their names, which is not that of the ids."""
    asked = [zone for filter in given.get("filters", []) if filter["name"] == "zone-id" for zone in filter["values"]]
    letters = dict(zip("123456", "cabedf", strict=True))
    found = {f"{region}{letters[zone[-1]]}": zone for zone in asked if zone[-1] in letters}
    names = sorted(found)
    ids = [found[name] for name in names]
    return {"id": region, "names": names, "zoneIds": ids, "groupNames": [region], "region": region}
