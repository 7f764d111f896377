"""What ``make run`` says once it is ready: where things are, and lines to paste."""

TEXT = """
  ORBITRA is running on this machine

    API         http://localhost:{api}
    reference   http://localhost:{api}/docs
    your apps   http://<service>.localhost:{proxy}
    mail        http://localhost:{api}/mailbox
    account     {email}   password {password}
    API key     {key}

  Deploy a sample and look at it; paste these lines into another terminal:

{lines}
  Then open http://hello.localhost:{proxy} in a browser. Ctrl-C here stops everything.
"""

LINES = """\
export ORBITRA=http://localhost:{api} KEY={key}
call() {{ curl -sS -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' "$@"; }}
PROJECT=$(call $ORBITRA/v1/projects -d '{{"name":"hello"}}' | grep -o 'prj_[a-z0-9]*' | head -1)
DEPLOYMENT=$(call $ORBITRA/v1/projects/$PROJECT/deployments \\
  -d '{{"git_url":"{sample}","environment":{{"GREETING":"Hello, world"}}}}' \\
  | grep -o 'dep_[a-z0-9]*' | head -1)
call "$ORBITRA/v1/deployments/$DEPLOYMENT?wait=25"; echo
curl -sS http://hello.localhost:{proxy}/; echo
"""


def banner(api: int, proxy: int, account: dict[str, str], sample: str) -> str:
    """The text, with the ports, the demo account and the sample's URL in it."""
    lines = paste(api, proxy, account["key"], sample)
    return TEXT.format(api=api, proxy=proxy, lines=lines, **account)


def paste(api: int, proxy: int, key: str, sample: str) -> str:
    """Lines for a shell that deploy the sample and ask it."""
    return LINES.format(api=api, proxy=proxy, key=key, sample=sample)
