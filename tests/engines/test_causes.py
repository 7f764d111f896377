"""The table of causes, by texts that real tools print and messages that the engine writes."""

import pytest

from chalicelib.buildpacks import failures
from chalicelib.buildpacks.failures import NOTHING_FOUND
from chalicelib.buildpacks.static import NO_PAGES
from chalicelib.engines.causes import explain, in_output, plain
from local.supervisor.detection import NO_WORKER

ENVIRON = """Traceback (most recent call last):
  File "/app/app.py", line 2, in <module>
    os.environ["DATABASE_URL"]
    ~~~~~~~~~~^^^^^^^^^^^^^^^^
  File "<frozen os>", line 679, in __getitem__
KeyError: 'DATABASE_URL'
"""
SETTINGS = """pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings
API_ID
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.7/v/missing
"""
NODE = """node:internal/modules/cjs/loader:1210
  throw err;
  ^

Error: Cannot find module 'express'
Require stack:
- /app/server.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at Module._load (node:internal/modules/cjs/loader:1038:27)
    at node:internal/main/run_main_module:28:49 {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/app/server.js' ]
}

Node.js v20.20.2
"""
REFUSED = """Error: connect ECONNREFUSED 127.0.0.1:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)
"""
POINTER = """  File "/app/model.py", line 1
    version https://git-lfs.github.com/spec/v1
            ^^^^^
SyntaxError: invalid syntax
"""
NOT_FOUND = """npm error code E404
npm error 404 Not Found - GET https://registry.npmjs.org/grok-search-mcp - Not found
npm error 404
npm error 404  'grok-search-mcp@*' is not in this registry.
"""
UNFIT = """ERROR: Could not find a version that satisfies the requirement flask==99 (from \
versions: 3.1.0)
ERROR: No matching distribution found for flask==99
"""
CONFLICT = """ERROR: Cannot install mypy==1.13.0 and six==4.2.0 because these package \
versions have conflicting dependencies.
"""
GO = """main.go:5:2: no required module provides package github.com/astaxie/beego; to add it:
\tgo get github.com/astaxie/beego
"""
POSTGRES = (
    'psycopg2.OperationalError: connection to server at "localhost" (127.0.0.1), port 5432 failed: '
)
DECOUPLE = (
    "decouple.UndefinedValueError: DB_NAME not found. Declare it as envvar or define a default"
)
DJANGO = (
    "Invalid HTTP_HOST header: 'a.localhost'. You may need to add 'a.localhost' to ALLOWED_HOSTS"
)


@pytest.mark.parametrize(
    ("printed", "code", "word"),
    [
        (ENVIRON, "missing_variable", "DATABASE_URL"),
        (SETTINGS, "missing_variable", "API_ID"),
        (DECOUPLE, "missing_variable", "DB_NAME"),
        ("error: Environment variable not found: DATABASE_URL.", "missing_variable", "DATABASE"),
        (NODE, "missing_package", "express"),
        ("Error: Cannot find module './gone'\nRequire stack:", "missing_file", "./gone"),
        ("Cannot find package 'nopkg' imported from /a/b.mjs", "missing_package", "nopkg"),
        ("src/a.ts(1,8): error TS2307: Cannot find module 'x' or its", "missing_package", "x"),
        ("src/a.ts(3,1): error TS2322: Type 'string' is not", "typescript_error", "Type 'string'"),
        ("ModuleNotFoundError: No module named 'flask.views'", "missing_module", '"flask"'),
        ("ImportError: cannot import name 'a' from 'b.c' (/b.py)", "import_error", "b.c"),
        ("python: can't open file '/app/gone.py': [Errno 2]", "missing_file", "gone.py"),
        ("SyntaxError: Unexpected token ';'\n    at wrapSafe", "syntax_error", "Unexpected"),
        (POINTER, "lfs_pointer", "pointer"),
        ("SyntaxError: Cannot use import statement outside a module", "module_format", "modules"),
        ("sh: 1: frob: not found", "missing_command", "frob"),
        ("sh: 1: exec: frob: not found", "missing_command", "frob"),
        ("bash: line 1: frob: command not found", "missing_command", "frob"),
        ("sh: 1: npm: not found", "missing_tool", "Node"),
        ("sh: 1: ./start.sh: Permission denied", "permission_denied", "./start.sh"),
        (REFUSED, "connection_refused", "connects"),
        (f"{POSTGRES}Connection refused", "connection_refused", "connects"),
        (
            f'{POSTGRES}FATAL:  password authentication failed for user "a"',
            "credentials_refused",
            "",
        ),
        ("Error: getaddrinfo ENOTFOUND db.internal", "unknown_host", "db.internal"),
        ("sqlite3.OperationalError: no such table: users", "missing_table", "users"),
        ("OSError: [Errno 98] Address already in use", "port_in_use", "taken"),
        ("Error: listen EACCES: permission denied 0.0.0.0:80", "port_forbidden", "1024"),
        ("listen tcp :80: bind: permission denied", "port_forbidden", "1024"),
        ("bind() to 0.0.0.0:80 failed (13: Permission denied)", "port_forbidden", "1024"),
        ("PermissionError: [Errno 13] Permission denied: '/etc/x'", "permission_denied", "file"),
        ("OSError: [Errno 30] Read-only file system: '/usr/x'", "read_only", "written"),
        ("OSError: [Errno 28] No space left on device", "no_space_left", "room"),
        ("sh: 1: Cannot fork", "too_many_processes", "processes"),
        (
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            "out_of_memory",
            "Node",
        ),
        (DJANGO, "host_not_allowed", "a.localhost"),
        (
            'ERROR:    Error loading ASGI app. Could not import module "apps".',
            "app_not_found",
            "apps",
        ),
        ("Failed to find attribute 'app' in 'app'.", "app_not_found", "'app' in 'app'"),
        ("npm ERR! code ERESOLVE\nnpm ERR! ERESOLVE unable to", "dependency_conflict", "versions"),
        (CONFLICT, "dependency_conflict", "versions"),
        (UNFIT, "package_not_found", "flask==99"),
        (NOT_FOUND, "package_not_found", "grok-search-mcp"),
        ("npm error notarget No matching version found for a@9.9.", "package_not_found", "a@9.9"),
        ("npm error code EBADENGINE\nnpm error engine Unsupported", "node_version", "Node"),
        ("npm error code ENOTFOUND\nnpm error syscall getaddrinfo", "registry_unreachable", ""),
        (
            '[vite]: Rollup failed to resolve import "react-quill" from "/a.jsx".',
            "unresolved_import",
            "react-quill",
        ),
        ("Module not found: Error: Can't resolve './App' in '/src'", "unresolved_import", "./App"),
        ("Error: Pg_config executable not found", None, ""),
        ("Error: pg_config executable not found.", "native_build", "compiled"),
        ("  ERROR: Failed building wheel for lxml", "native_build", "compiled"),
        ("Error: error:0308010C:digital envelope routines::unsupported", "openssl_legacy", "hash"),
        ("fatal: not a git repository (or any of the parent", "no_git_history", "git"),
        (GO, "missing_package", "github.com/astaxie/beego"),
        ("./main.go:7:2: undefined: x", "compile_error", "./main.go:7:2: undefined"),
        ("npm warn ERESOLVE overriding peer dependency\nnpm warn EBADENGINE x", None, ""),
        ("SyntaxError: Unexpected end of JSON input", None, ""),
    ],
)
def test_what_programs_print(printed: str, code: str | None, word: str) -> None:
    found = in_output(f"before\n{printed}\nafter")
    assert (found.code if found else None) == code
    assert word in (found.summary if found else "")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('The branch "a b" does not exist in file:///x; push it, or', "branch_missing"),
        ("The repository https://h/x is empty; push a branch to it.", "repository_empty"),
        ("The repository https://h/x does not exist or is private; make", "repository_private"),
        ("There is no repository at file:///x; correct the address", "repository_missing"),
        ("The repository http://h/x has moved; use its new address", "repository_moved"),
        ("Repositories cannot be cloned over this protocol: ext::sh x; use", "repository_refused"),
        ("git_repository_url: its host has no address", "repository_refused"),
        ("The repository http://h/x could not be reached (fatal: x); ch", "repository_unreachable"),
        ('The root directory "a" does not exist in the repository; cor', "root_directory_missing"),
        ('The publish directory "a" leads out of the root; n', "publish_directory_missing"),
        (NO_PAGES, "no_pages"),
        (NOTHING_FOUND, "no_start_command"),
        (NO_WORKER, "no_start_command"),
        ("There is not exactly one command to build: no .go file lies", "no_build_command"),
        ("package.json is not valid JSON: Expecting value. Correct it", "invalid_file"),
        ("The Procfile names a process twice; keep one line of each.", "invalid_file"),
        (failures.missing("go"), "missing_tool"),
        ("The build used more than 128 MiB of memory and was ended; make", "out_of_memory"),
        ("The app started more than 60 processes and was ended; make", "too_many_processes"),
        ("The build wrote more than 20 MiB to the disk and was ended; ma", "disk_quota"),
        ("The build took longer than 0.02 minutes; make it do less.", "took_too_long"),
        ("The pre-deploy command took longer than 3 seconds; make it do", "took_too_long"),
        ("The health check path /r did not answer 200 within 2.5 seconds; its last answer was 503."
         " Make", "health_check_failed"),
        ("The app listens on 127.0.0.3 only; listen on 0.0.0.0.", "listens_on_one_address"),
        ("The app listens on 3000, 3001; listen on the port in", "wrong_port"),
        ("The app did not listen on a port within 60 seconds; listen", "no_open_port"),
        ("The build failed through no fault of the app; deploy it again.", "platform_fault"),
        ("The build of this deployment is no longer kept; deploy it again.", "artifact_gone"),
        ("The app with its dependencies takes 300 MiB, more than the 240 MiB that AWS Lambda"
         " takes; leave", "artifact_too_large"),
        ("The app with its dependencies takes more than the 250 MiB that AWS Lambda takes; leave",
         "artifact_too_large"),
        ("The app ended with exit code 0. It printed nothing.", "ended"),
        ("./run.sh ended with exit code 126. It printed nothing.", "not_executable"),
        ("The app ended with signal SIGKILL (out of memory?). It printed nothing.", "killed"),
        ("The app ended with signal SIGSEGV. It printed nothing.", "crashed"),
        ("npm run build ended with exit code 3. Its last output:\nboom", "failed_command"),
        ("It failed", "unknown"),
    ],
)  # fmt: skip
def test_what_the_engine_says(message: str, code: str) -> None:
    found = explain(message, "")
    assert found.code == code
    assert found.summary
    assert found.suggestions


def test_a_port_that_may_be_chosen() -> None:
    said = "The app listens on 3000; listen on the port in the environment variable PORT"
    assert "set PORT" not in str(explain(f"{said}, which is 20001.", "").suggestions)
    free = explain(f"{said}, which is 8080, or set PORT to 3000.", "")
    assert free.suggestions[-1].startswith("Or set PORT to 3000,")


def test_the_telling_line_is_in_the_message() -> None:
    message = failures.explain("The app ended with", 1, NODE)
    assert 'Add "express" to the dependencies' in message
    found = explain(message, "")
    assert found.code == "missing_package"
    assert found.evidence == ("Error: Cannot find module 'express'",)


def test_a_symptom_is_backed_by_what_was_printed() -> None:
    message = "The app did not listen on a port within 60 seconds; listen on the port in"
    found = explain(message, f"waiting for the database\n{REFUSED}")
    assert found.code == "no_open_port"
    assert found.evidence == ("Error: connect ECONNREFUSED 127.0.0.1:5432",)
    assert [each for each in found.suggestions if "database" in each]


def test_output_is_not_taken_for_the_engines_words() -> None:
    message = failures.explain("The app ended with", 3, "The build used more than 1 MiB of memory")
    assert explain(message, "").code == "failed_command"
    assert explain("npm ci ended with exit code 1.", REFUSED).code == "connection_refused"
    unreachable = "The repository http://h/x could not be reached (fatal: x); check it"
    assert explain(unreachable, REFUSED).code == "repository_unreachable"


def test_a_log_is_made_plain() -> None:
    log = "2026-11-21T11:00:00Z \x1b[31mred\x1b[0m\n2026-11-21T11:00:00Z ==> npm ci\nplain\n"
    assert plain(log) == "red\nplain"


def test_long_lines_are_cut() -> None:
    assert len(plain("a" * 100_000)) == 500
