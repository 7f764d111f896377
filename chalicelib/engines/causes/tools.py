"""What package managers, compilers and bundlers print when a build fails."""

from .cause import Cause, cause


def _outdated(lock: str, command: str, *patterns: str) -> Cause:
    return cause(
        "outdated_lockfile",
        patterns,
        f"{lock} does not fit the dependencies.",
        f"{lock} does not fit the dependencies; run {command} and push the file.",
    )


_LOCKFILES = (
    _outdated(
        "package-lock.json",
        "npm install",
        r'can only install packages when|Run "npm help ci" for more',
    ),
    _outdated(
        "pnpm-lock.yaml", "pnpm install", r"ERR_PNPM_(?:OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH)"
    ),
    _outdated("yarn.lock", "yarn install", r"lockfile needs to be updated|YN0028"),
    _outdated(
        "poetry.lock", "poetry lock", r"pyproject\.toml changed significantly since poetry\.lock"
    ),
    _outdated(
        "uv.lock",
        "uv lock",
        r"Failed to parse `?uv\.lock|lockfile at `?uv\.lock.* needs to be updated",
    ),
    _outdated("go.sum", "go mod tidy", r"missing go\.sum entry"),
)

_VERSIONS = (
    cause(
        "python_version",
        [
            r"No interpreter found for Python (?P<version>\d[\d.]*)",
            r"download/\d+/cpython-(?P<version>\d+\.\d+)",
        ],
        "Python {version} is not on this machine.",
        "This machine has no Python {version} and could not download it; install it, or ask for "
        "another one in .python-version and requires-python.",
    ),
    cause(
        "python_version",
        [
            r"Python version \((?P<version>\S+)\) is not allowed",
            r"requires a different Python: (?P<version>\S+)",
        ],
        "The project does not allow Python {version}.",
        "This machine builds with Python {version}; let requires-python in pyproject.toml allow "
        "it, or use uv, which gets the Python that is asked for.",
    ),
    cause(
        "node_version",
        [
            r"^npm (?:ERR!|error) code EBADENGINE",
            r'^error \S+ The engine "node" is incompatible with this module',
            r"ERR_PNPM_UNSUPPORTED_ENGINE",
        ],
        "A package asks for another version of Node.",
        "Choose a version of the package that runs on this machine's Node, or widen engines.node "
        "in package.json.",
    ),
    cause(
        "openssl_legacy",
        r"ERR_OSSL_EVP_UNSUPPORTED|digital envelope routines::unsupported",
        "The bundler asks for a hash that today's Node no longer has.",
        "Update webpack or react-scripts to version 5.",
        "Until then, set the environment variable NODE_OPTIONS=--openssl-legacy-provider.",
    ),
)

_DEPENDENCIES = (
    cause(
        "registry_unreachable",
        [
            r"^npm (?:ERR!|error) code (?:ENOTFOUND|ETIMEDOUT|ECONNRESET|ECONNREFUSED|EAI_AGAIN)",
            r"Retrying \(Retry\(total=0\b",
        ],
        "The package registry could not be reached.",
        "The package registry could not be reached; deploy again in a few minutes.",
        "If the packages come from a registry of your own, check its address.",
    ),
    cause(
        "dependency_conflict",
        [
            r"^npm (?:ERR!|error) code ERESOLVE",
            r"ResolutionImpossible|because these package versions have conflicting dependencies",
            r"No solution found when resolving dependencies|version solving failed",
        ],
        "The dependencies ask for versions of a package that exclude each other.",
        "Choose versions of the dependencies that fit each other, on your machine, and push the "
        "lock file.",
        "With npm, the setting legacy-peer-deps=true in .npmrc lets peer dependencies differ.",
    ),
    cause(
        "package_not_found",
        [
            r"No matching distribution found for (?P<name>\S+)",
            r"No matching version found for (?P<name>\S+?)\.?$",
            r"^npm (?:ERR!|error) 404 +'(?P<name>\S+)' (?:is not in|could not be found)",
            r"^npm (?:ERR!|error) 404 +The requested resource '(?P<name>\S+)' could not",
            r"Couldn't find package \"(?P<name>\S+)\" on the",
        ],
        'There is no package "{name}" that fits this machine.',
        'Check the spelling and the version of "{name}" in the dependencies.',
        "Look in the registry whether it supports this version of Python or Node.",
    ),
    cause(
        "package_layout",
        r"Multiple top-level (?:packages|modules) discovered",
        "pip cannot tell which of the folders is the app.",
        "pip cannot tell which of the folders is the app; list the dependencies in "
        "requirements.txt, or name the packages in pyproject.toml (tool.setuptools.packages).",
    ),
    cause(
        "native_build",
        [
            r"Failed building wheel for (?P<name>\S+)",
            r"pg_config executable not found",
            r"error: command '\S*(?:gcc|cc|g\+\+|clang)' failed",
            r"^(?:npm (?:ERR!|error) )?gyp ERR! (?:build error|find Python|configure error)",
        ],
        "A package had to be compiled, and that failed.",
        "Choose a version of the package that is published ready-made for this machine "
        "(psycopg2-binary in place of psycopg2).",
        "The compilers and headers that it asks for can only be installed where Orbitra runs.",
    ),
    cause(
        "missing_package",
        r"no required module provides package (?P<name>\S+?)[;:]",
        'The Go package "{name}" is in no required module.',
        "Run go get {name} and push go.mod and go.sum.",
    ),
)

TOOLS = (*_LOCKFILES, *_VERSIONS, *_DEPENDENCIES)

COMPILERS = (
    cause(
        "missing_script",
        [r'Missing script: "?(?P<name>[\w:-]+)', r'^error Command "(?P<name>[\w:-]+)" not found'],
        'package.json has no script "{name}".',
        'Add a "{name}" script to package.json, or set the command.',
    ),
    cause(
        "typescript_error",
        [r"error TS\d+: (?P<text>.+)", r"^Type error: (?P<text>.+)"],
        "TypeScript refuses the code: {text}",
        "Correct what TypeScript refuses; tsc --noEmit shows it on your machine.",
        "Check that typescript and the @types packages are in package.json.",
    ),
    cause(
        "unresolved_import",
        [
            r"Rollup failed to resolve import \"(?P<name>[^\"]+)\"",
            r"Can't resolve '(?P<name>[^']+)' in ",
            r"Could not resolve \"(?P<name>[^\"]+)\"",
        ],
        'The bundler does not find "{name}".',
        'Add "{name}" to the dependencies in package.json, or correct its path: upper and lower '
        "case count.",
    ),
    cause(
        "compile_error",
        r"^(?P<place>\S+\.go:\d+:\d+): (?P<text>.+)",
        "Go refuses the code at {place}: {text}",
        "Correct the code; go vet ./... shows it on your machine.",
    ),
    cause(
        "no_git_history",
        [
            r"^fatal: not a git repository",
            r"setuptools-scm was unable to detect version",
        ],
        "The build asks git for something, but it gets the files without their history.",
        "The build has no .git folder; set what it asks git for in a file or a variable "
        "(SETUPTOOLS_SCM_PRETEND_VERSION).",
        "Submodules are not cloned: put their files into the repository, or use packages.",
    ),
)
