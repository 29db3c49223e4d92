"""Functions in CloudFormation."""

from __future__ import annotations

from validation.cloudformation.types.writing import Inputs, Properties, simple, whole, written


@whole("aws:lambda/function:Function", "AWS::Lambda::Function")
def _function(inputs: Inputs) -> Properties:
    # What the Zip holds is uploaded by Pulumi, which also publishes versions.
    drop = ("publish", "sourceCodeHash", "code", "replaceSecurityGroupsOnDestroy", "replacementSecurityGroupIds")
    properties = written(inputs, {"name": "FunctionName"}, drop)
    if "archive" in inputs.get("code", {}):
        properties["Code"] = {"S3Bucket": "uploaded-by-pulumi", "S3Key": inputs["code"]["archive"]}
    durable = properties.get("DurableConfig")
    if durable and "RetentionPeriod" in durable:
        durable["RetentionPeriodInDays"] = durable.pop("RetentionPeriod")
    return properties


simple("aws:lambda/alias:Alias", "AWS::Lambda::Alias")


@whole("aws:lambda/permission:Permission", "AWS::Lambda::Permission")
def _permission(inputs: Inputs) -> Properties:
    properties = written(inputs, {"function": "FunctionName"}, ("qualifier", "statementId"))
    if "qualifier" in inputs:
        properties["FunctionName"] += f":{inputs['qualifier']}"
    return properties
