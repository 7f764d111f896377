"""What an engine says of a failure: each pattern begins where its message begins."""

from .cause import cause
from .images import IMAGES

_PORT = "Listen on the port in the environment variable PORT, at 0.0.0.0."
_PUSH = "Correct it in the repository, push, and deploy again."

_REPOSITORIES = (
    cause(
        "branch_missing",
        r'\A(?P<said>The branch ".*" does not exist in \S+);',
        "{said}.",
        "Push the branch, or deploy one that is there.",
        "Look whether it is called main or master.",
    ),
    cause(
        "repository_empty",
        r"\A(?P<said>The repository \S+ is empty);",
        "{said}.",
        "Push a branch with the app to it.",
    ),
    cause(
        "repository_private",
        r"\A(?P<said>The repository \S+ does not exist or is private);",
        "{said}.",
        "Open the address in a browser where you are not signed in: it must be there.",
        "Make the repository public, or put an access token into git_repository_url.",
    ),
    cause(
        "repository_missing",
        r"\A(?P<said>There is no repository at \S+);",
        "{said}.",
        "Correct git_repository_url, or push the repository there.",
    ),
    cause(
        "repository_moved",
        r"\A(?P<said>The repository \S+ has moved);",
        "{said}.",
        "Set git_repository_url to its new address, often with .git at its end.",
    ),
    cause(
        "repository_refused",
        [
            r"\A(?P<said>Repositories cannot be cloned over this protocol: [^;\n]*);",
            r"\A(?P<said>git_repository_url: .*?)\.?$",
        ],
        "{said}.",
        "Use an https:// address of a public host.",
    ),
    cause(
        "repository_unreachable",
        r"\A(?P<said>The repository \S+ could not be (?:reached|cloned) \(.*\));",
        "{said}.",
        "Check the host in git_repository_url, and that it is up.",
        "Deploy again in a few minutes.",
    ),
)

_FOLDERS = (
    cause(
        "root_directory_missing",
        r'\A(?P<said>The root directory ".*" (?:does not exist in|leads out of) the repository);',
        "{said}.",
        "Set root_directory to the app's folder, or to null when it is the repository's top.",
        "Check its upper and lower case, and that the folder is committed on this branch.",
    ),
    cause(
        "publish_directory_missing",
        r'\A(?P<said>The publish directory ".*" (?:does not exist in|leads out of) .*);',
        "{said}.",
        "Set publish_directory to the folder that the build writes, such as dist or build.",
        "Look in the build log whether the build wrote it.",
    ),
    cause(
        "no_pages",
        r"\A(?P<said>There is no index\.html to publish)",
        "{said}.",
        "Set publish_directory to the folder of the pages.",
        "Set a build_command when they are to be made first.",
    ),
    cause(
        "no_start_command",
        r"\AThere is nothing here that says how to start the (?P<what>app|worker)",
        "Nothing says how the {what} is started.",
        "Set start_command, or add a Procfile.",
        "If the {what} lies in a folder of the repository, set root_directory.",
    ),
    cause(
        "no_build_command",
        r"\A(?P<said>There is not exactly one command to build)",
        "{said}.",
        "Set build_command, for example: go build -o app ./cmd/name.",
    ),
    cause(
        "invalid_file",
        [
            r"\A(?P<said>The Procfile names a process twice);",
            r"\A(?P<said>\S+ (?:is larger than 1 MiB|must hold an object|is not valid \w+))",
        ],
        "{said}.",
        _PUSH,
    ),
    cause(
        "missing_tool",
        r"\A(?P<said>This machine has no \w+) ",
        "{said}.",
        "Install it where Orbitra runs, start Orbitra again, and deploy.",
    ),
)

_AMOUNTS = (
    cause(
        "out_of_memory",
        r"\A(?P<said>The \w+ used more than \S+ MiB of memory) and was ended",
        "{said}.",
        "Start fewer workers or parallel jobs.",
        "Read and process large data in pieces.",
        "With Node, set NODE_OPTIONS=--max-old-space-size to less than the limit, in MiB.",
    ),
    cause(
        "too_many_processes",
        r"\A(?P<said>The \w+ started more than \d+ processes(?: and threads)?) and was ended",
        "{said}.",
        "Start fewer workers, threads or parallel jobs.",
        "Look for a command that starts itself again.",
    ),
    cause(
        "disk_quota",
        r"\A(?P<said>The \w+ wrote more than \S+ MiB to the disk) and was ended",
        "{said}.",
        "Download and keep less: drop caches, models and test data that the app does not need.",
    ),
    cause(
        "took_too_long",
        r"\A(?P<said>The (?:build|pre-deploy command) took longer than \S+ (?:minutes|seconds));",
        "{said}.",
        "Look in its log for the step that took so long, or that waits for input.",
        "Make it do less; what runs for ever belongs in start_command.",
    ),
)

_SIZES = (
    cause(
        "artifact_too_large",
        r"\A(?P<said>The app with its dependencies takes (?:\d+ MiB, )?more than .* takes);",
        "{said}.",
        "Leave out dependencies that only the build or the tests need.",
        "Keep large files in a bucket, and fetch them when they are needed.",
    ),
)

_PROBES = (
    cause(
        "health_check_failed",
        [
            r"\A(?P<said>The health check path \S+ did not answer 200 .*was \w+)\.",
            r"\A(?P<said>The app did not answer its health check)\.",
        ],
        "{said}.",
        "Make the path answer 200 without signing in and without a redirect.",
        "Correct health_check_path, or set it to null: then an open port is enough.",
    ),
    cause(
        "listens_on_one_address",
        r"\A(?P<said>The app listens on \S+ only);",
        "{said}.",
        "Listen on 0.0.0.0, which is all addresses.",
    ),
    cause(
        "wrong_port",
        r"\A(?P<said>The app listens on [\d, ]+);.*, or (?P<other>set PORT to \d+)",
        "{said}, not on the port that it was given.",
        _PORT,
        "Or {other}, as an environment variable: then it is given that port.",
    ),
    cause(
        "wrong_port",
        r"\A(?P<said>The app listens on [\d, ]+);",
        "{said}, not on the port that it was given.",
        _PORT,
        "Look for a port that is written into the code, the start command or a configuration file.",
    ),
    cause(
        "no_open_port",
        r"\A(?P<said>The app did not listen on a port within \S+ seconds)",
        "{said}.",
        _PORT,
        "Look in the service's log for what it waits for.",
        'A program that answers no requests is a worker: set project_type to "worker".',
    ),
)

_OURS = (
    cause(
        "artifact_gone",
        r"\A(?P<said>The build of this deployment is no longer kept);",
        "{said}.",
        "Deploy the branch again instead of rolling back.",
    ),
    cause(
        "overtaken",
        r"\A(?P<said>A newer deployment, or a stop, was asked for before this one began)",
        "{said}.",
        "Look at the newer deployment.",
    ),
    cause(
        "service_deleted",
        r"\A(?P<said>The web service is being deleted)",
        "{said}.",
    ),
    cause(
        "platform_fault",
        [
            r"\AOrbitra could not finish this deployment",
            r"\AThe (?:build|start) failed through no fault of the app",
        ],
        "It failed through no fault of the app.",
        "Deploy again.",
    ),
)

VERDICTS = (*_REPOSITORIES, *_FOLDERS, *IMAGES, *_SIZES, *_OURS)
"""What the engine knows by itself."""

SYMPTOMS = (*_AMOUNTS, *_PROBES)
"""What the engine has seen, and what was printed may explain."""

ENDINGS = (
    cause(
        "ended",
        r"^(?P<what>The app) ended with exit code 0\.",
        "{what} ended by itself, without an error.",
        "Let start_command stay in the foreground: no & at its end, no --daemon.",
        "A program that only runs once belongs in pre_deploy_command.",
    ),
    cause(
        "not_executable",
        r"^(?P<what>.*) ended with exit code 126\.",
        "{what} names a file that cannot be run.",
        "Make it executable: git update-index --chmod=+x FILE, and push.",
    ),
    cause(
        "killed",
        r"^(?P<what>.*) ended with signal SIGKILL",
        "{what} was killed; often it has used too much memory.",
        "Make it use less memory, or start fewer workers.",
    ),
    cause(
        "crashed",
        r"^(?P<what>.*) ended with signal (?P<signal>\w+)",
        "{what} was ended by the signal {signal}.",
        "SIGSEGV, SIGILL, SIGBUS and SIGABRT come from native code: update or reinstall the"
        " package that brings it.",
    ),
    cause(
        "failed_command",
        r"^(?P<what>.*) ended with exit code (?P<status>\d+)\.",
        "{what} ended with exit code {status}.",
        "Read the last lines of its log: the error stands there.",
        "Run the same command on your machine, in a fresh clone of the branch.",
    ),
)
"""How a command ended: what is said when nothing else tells why."""
