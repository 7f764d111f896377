"""The API: a path for each of Chalice's routes, whose every method goes to the function.

What API Gateway itself refuses is answered in the form of our own errors.
"""

import hashlib
import json
import re
from typing import Any

from chalice.app import Chalice

from . import errors

Resources = dict[str, Any]
HERE = "${AWS::Region}:${AWS::AccountId}"
# By name: the function knows the API's address, so the API cannot also wait for the function.
FUNCTION = f"arn:${{AWS::Partition}}:lambda:{HERE}:function:${{AWS::StackName}}-api"
GATEWAY = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31"
INVOKE = f"{GATEWAY}/functions/{FUNCTION}/invocations"
# A flood must not use up what the account's other APIs live on, nor cost without end.
MOST_CALLS = {"ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 500}
DEFAULT_URL = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}"


def resources(app: Chalice) -> Resources:
    """The API with its stage, its own name where it has one, and its refusals."""
    body = _body(app)
    deployment = f"ApiDeployment{_digest(body)}"
    return {
        "Api": _api(body),
        deployment: _of("ApiGateway::Deployment", RestApiId={"Ref": "Api"}),
        "ApiStage": _stage(deployment),
        "ApiPermission": _permission(),
        **_domain(),
    }


def base_url() -> Resources:
    """Where the API answers, without a slash at its end."""
    own = {"Fn::Sub": "https://${DomainName}"}
    return {"Fn::If": ["HasDomain", own, default_url()]}


def default_url() -> Resources:
    """API Gateway's own address of it, which answers before any DNS record leads to its name."""
    return {"Fn::Sub": DEFAULT_URL}


def _of(kind: str, **properties: Any) -> Resources:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _api(body: Resources) -> Resources:
    return _of(
        "ApiGateway::RestApi",
        Name={"Ref": "AWS::StackName"},
        EndpointConfiguration={"Types": ["REGIONAL"]},
        Body=body,
    )


def _stage(deployment: str) -> Resources:
    return _of(
        "ApiGateway::Stage",
        RestApiId={"Ref": "Api"},
        DeploymentId={"Ref": deployment},
        StageName={"Ref": "Stage"},
        MethodSettings=[{"ResourcePath": "/*", "HttpMethod": "*", **MOST_CALLS}],
    )


def _permission() -> Resources:
    return _of(
        "Lambda::Permission",
        Action="lambda:InvokeFunction",
        FunctionName={"Ref": "ApiFunction"},
        Principal="apigateway.amazonaws.com",
        SourceArn={"Fn::Sub": f"arn:${{AWS::Partition}}:execute-api:{HERE}:${{Api}}/*"},
    )


def _domain() -> Resources:
    name = _of(
        "ApiGateway::DomainName",
        DomainName={"Ref": "DomainName"},
        RegionalCertificateArn={"Ref": "CertificateArn"},
        EndpointConfiguration={"Types": ["REGIONAL"]},
        SecurityPolicy="TLS_1_2",
    )
    mapping = _of(
        "ApiGateway::BasePathMapping",
        DomainName={"Ref": "ApiDomain"},
        RestApiId={"Ref": "Api"},
        Stage={"Ref": "ApiStage"},
    )
    named = {"ApiDomain": name, "ApiDomainMapping": mapping}
    return {logical: {"Condition": "HasDomain", **one} for logical, one in named.items()}


def _body(app: Chalice) -> Resources:
    return {
        "swagger": "2.0",
        "info": {"title": {"Ref": "AWS::StackName"}, "version": "1.0"},
        "schemes": ["https"],
        "paths": {path: _path(path) for path in sorted(app.routes)},
        "x-amazon-apigateway-binary-media-types": app.api.binary_types,
        "x-amazon-apigateway-gateway-responses": errors.responses(),
    }


def _path(path: str) -> Resources:
    names = re.findall(r"\{(\w+)\+?\}", path)
    view = {
        "parameters": [
            {"name": name, "in": "path", "required": True, "type": "string"} for name in names
        ],
        "responses": {},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": {"Fn::Sub": INVOKE},
        },
    }
    return {"x-amazon-apigateway-any-method": view}


def _digest(body: Resources) -> str:
    """Another name for another API: a deployment is a copy that never changes."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:10]
