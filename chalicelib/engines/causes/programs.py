"""What programs in Python, Node and the shell print when they fail."""

from .cause import Cause, cause

_SET = "Set the environment variable {name} of the service, and deploy again."

_FILES = (
    cause(
        "lfs_pointer",
        r"version https://git-lfs\.github\.com/spec/v1",
        "A file is only a pointer of Git LFS: what it stands for is not cloned.",
        "Put the file itself into the repository, or let the build download it.",
    ),
    cause(
        "missing_file",
        [
            r"can't open file '?(?:[^':\n]*/)?(?P<name>[^'/:\n]+)",
            r"Cannot find (?:module|package) '(?P<name>[./][^']*)'",
        ],
        "The file {name} is missing.",
        "The file {name} is missing; check the path in the start command or the import, the root "
        "directory, and that it is committed.",
        "Upper and lower case count here.",
    ),
)

_MODULES = (
    cause(
        "missing_module",
        r"ModuleNotFoundError: No module named '(?P<name>[^'.]+)",
        'The Python module "{name}" is not installed.',
        'Add the package that provides "{name}" to requirements.txt.',
        "If it is a folder of your own, check the root directory and that it is committed.",
    ),
    cause(
        "missing_package",
        r"Cannot find (?:module|package) '(?P<name>[^']+)'",
        'The Node package "{name}" is not installed.',
        'Add "{name}" to the dependencies in package.json.',
        "Push the lock file with it.",
    ),
    cause(
        "import_error",
        r"ImportError: cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
        'The Python module "{module}" has no "{name}".',
        'Ask for a version of "{module}" that has "{name}", and pin it in the dependencies.',
        "If the module is your own, look for two modules that import each other.",
    ),
    cause(
        "missing_library",
        [
            r"error while loading shared libraries: (?P<name>[^\s:]+)",
            r"ImportError: (?P<name>[^\s:]+): cannot open shared object file",
        ],
        "The system library {name} is not on this machine.",
        "Use a package that brings {name} along (opencv-python-headless, psycopg2-binary), or "
        "install it where Orbitra runs.",
    ),
    cause(
        "module_format",
        [
            r"Cannot use import statement outside a module",
            r"ERR_REQUIRE_ESM",
            r"require is not defined in ES module scope",
        ],
        "Node reads a file as the other of its two kinds of modules.",
        'Set "type" in package.json to "module" for import, or to "commonjs" for require().',
        "Or name the file .mjs or .cjs.",
    ),
    cause(
        "app_not_found",
        [
            r"Error loading ASGI app\. (?P<text>.+)",
            r"(?P<text>Attribute \"\w+\" not found in module \"[\w.]+\")",
            r"(?P<text>Failed to find attribute '\w+' in '[\w.]+')",
            r"(?P<text>Could not locate a Flask application)",
        ],
        "The server does not find the app: {text}",
        "Name the file and the variable in the start command as they are: gunicorn main:app is "
        "the variable app in main.py.",
    ),
)

_SHELL = r"sh: (?:\d+: |line \d+: )?(?:exec: )?"


def _tool(language: str, commands: str, source: str) -> Cause:
    return cause(
        "missing_tool",
        rf"{_SHELL}(?P<name>{commands}): (?:command )?not found",
        f"This machine has no {language}.",
        f"This machine has no {language} (the command {{name}} is not on the PATH); install it "
        f"from {source}, start Orbitra again, and deploy.",
    )


_COMMANDS = (
    _tool("Node", "node|npm|npx", "https://nodejs.org/"),
    _tool("Go", "go", "https://go.dev/dl/"),
    cause(
        "missing_command",
        rf"{_SHELL}(?P<name>\S+): (?:command )?not found",
        'The command "{name}" was not found.',
        'The command "{name}" was not found; add the package that provides it to the '
        "dependencies, or correct the command.",
    ),
    cause(
        "permission_denied",
        rf"{_SHELL}(?P<name>\S+): Permission denied",
        "The file {name} may not be run.",
        "Make it executable, and push: git update-index --chmod=+x {name}",
    ),
)

_SETTINGS = (
    cause(
        "missing_variable",
        [
            r"os(?:\.py\"|>\"), line \d+, in __getitem__\n(?:.*\n){0,3}?KeyError: '(?P<name>\w+)'",
            r"validation errors? for \w*(?:Settings|Config)\w*\n(?P<name>\w+)\n +Field required",
            r"Environment variable not found: (?P<name>\w+)",
            r"ImproperlyConfigured: Set the (?P<name>\w+) environment variable",
            r"\b(?P<name>\w+) not found\. Declare it as envvar",
        ],
        "The environment variable {name} is not set.",
        _SET,
        "A .env file that is not committed does not come along.",
    ),
    cause(
        "host_not_allowed",
        r"You may need to add '(?P<name>[^']+)' to ALLOWED_HOSTS",
        "Django refuses the host {name}.",
        "Add '{name}' to ALLOWED_HOSTS, or read ALLOWED_HOSTS from an environment variable.",
    ),
)

_PORTS = (
    cause(
        "port_in_use",
        r"EADDRINUSE|[Aa]ddress already in use",
        "The port is taken.",
        "The port is taken; listen on the port in the environment variable PORT.",
        "Look for a second server that the start command starts.",
    ),
    cause(
        "port_forbidden",
        r"listen EACCES: permission denied|\bbind\b.*[Pp]ermission denied",
        "Ports below 1024 are not for apps on this machine.",
        "Listen on the port in the environment variable PORT.",
        "If that is below 1024, set PORT to a higher one.",
    ),
)

_DATABASES = (
    cause(
        "credentials_refused",
        [
            r"password authentication failed for user",
            r"Access denied for user '",
            r"(?:WRONGPASS|NOAUTH) ",
        ],
        "A database refuses the user or the password.",
        "Correct the user and the password in the database's environment variable.",
    ),
    cause(
        "missing_table",
        [
            r"relation \"(?P<name>[\w.]+)\" does not exist",
            r"no such table: (?P<name>[\w.]+)",
            r"Table '(?P<name>[\w.]+)' doesn't exist",
        ],
        "The database has no table {name}.",
        "Let pre_deploy_command run the migrations, such as python manage.py migrate.",
    ),
    cause(
        "unknown_host",
        [
            r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?P<name>\S+)",
            r"could not translate host name \"(?P<name>[^\"]+)\" to address",
            r"Failed to resolve '(?P<name>[^']+)'",
        ],
        "There is no host {name}.",
        "Correct the host in the environment variable that names it.",
    ),
    cause(
        "connection_refused",
        r"ECONNREFUSED|[Cc]onnection refused|Can't reach database server at",
        "What the app connects to does not answer.",
        "Nothing answers where the app connects to; set the address of the database or service in "
        "an environment variable: localhost is the app itself.",
        "Look whether the database runs.",
        "Let the app try again for some seconds before it gives up.",
    ),
)

_ROOM = (
    cause(
        "out_of_memory",
        r"JavaScript heap out of memory",
        "Node has used all of the memory that it allows itself.",
        "Set the environment variable NODE_OPTIONS=--max-old-space-size=900 (MiB), within the "
        "limit of the service.",
        "Make the build or the app use less memory.",
    ),
    cause(
        "out_of_memory",
        r"^MemoryError\b|Cannot allocate memory|ENOMEM",
        "There was no memory left.",
        "Make it use less memory, or start fewer workers.",
    ),
    cause(
        "too_many_processes",
        r"Cannot fork|fork: retry|can't start new thread|fork/exec .*unavailable",
        "It may have no more processes and threads.",
        "It may have no more processes and threads; make it start fewer at once.",
    ),
    cause(
        "no_space_left",
        r"No space left on device|ENOSPC",
        "It has no more room to write to.",
        "It has no more room there; make it write less, or not to /tmp.",
    ),
    cause(
        "read_only",
        r"Read-only file system|EROFS",
        "It writes where nothing may be written.",
        "Write only below the app's own folder, $HOME and /tmp.",
    ),
    cause(
        "permission_denied",
        r"EACCES: permission denied|PermissionError: \[Errno 13\]",
        "It may not open a file.",
        "Write only below the app's own folder, $HOME and /tmp.",
    ),
)

_SYNTAX = (
    cause(
        "syntax_error",
        r"^(?P<kind>SyntaxError|IndentationError|TabError): (?!.*JSON)(?P<text>.+)",
        "A file of the app has a syntax error: {text}",
        "Correct the syntax where the error points to.",
        "If the code runs on your machine, compare the versions of Python or Node.",
    ),
)

PROGRAMS = (
    *(*_FILES, *_MODULES, *_COMMANDS, *_SETTINGS, *_PORTS),
    *(*_DATABASES, *_ROOM, *_SYNTAX),
)
