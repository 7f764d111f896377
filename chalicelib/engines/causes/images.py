"""What an engine says when a container image cannot be made, or not be run."""

from .cause import cause

_ARM = "Build it for linux/arm64: docker buildx build --platform=linux/arm64,linux/amd64 --push."

IMAGES = (
    cause(
        "dockerfile_missing",
        r'\A(?P<said>There is no file ".*" in the root directory);',
        "{said}.",
        "Set dockerfile_path to where the file is, beginning at root_directory.",
        "Check its upper and lower case, and that it is committed on this branch.",
    ),
    cause(
        "image_private",
        r"\A(?P<said>The image \S+ does not exist or is private);",
        "{said}.",
        "Run docker pull with it where you are not signed in: it must be there.",
        "Make the image public, or build it here: set dockerfile_path, and source_type to git.",
    ),
    cause(
        "image_platform",
        [
            r"\A(?P<said>The image \S+ has no variant for \S+);",
            r"\A(?P<said>The image is for \S+, and apps run on \S+);",
        ],
        "{said}.",
        _ARM,
        "Look in the Dockerfile for --platform.",
    ),
    cause(
        "registry_limit",
        r"\A(?P<said>The registry of \S+ lets nobody here pull more just now);",
        "{said}.",
        "Deploy again in an hour.",
        "Use a mirror, such as public.ecr.aws/docker/library/… for Docker Hub's own images.",
    ),
    cause(
        "image_unreachable",
        r"\A(?P<said>The image \S+ could not be pulled \(.*\));",
        "{said}.",
        "Check the host in image_ref, and that it is up.",
        "Deploy again in a few minutes.",
    ),
    cause(
        "image_too_large",
        r"\A(?P<said>The image takes \S+ GiB, more than .* takes);",
        "{said}.",
        "Begin from a slim or alpine image, and copy only what runs from a stage that builds.",
        "Name in .dockerignore what the image does not need.",
    ),
    cause(
        "image_refused",
        r"\A(?P<said>AWS Lambda does not take this image)",
        "{said}.",
        _ARM,
        "Deploy again without what changes the format of images, such as zstd layers.",
    ),
    cause(
        "no_start_command",
        r"\A(?P<said>The image says nothing of how to start the app)",
        "{said}.",
        "Add CMD to its Dockerfile, or set start_command.",
    ),
    cause(
        "kind_of_source",
        r"\AThis web service runs as a container image, or runs as none,",
        "It runs as a container image, or runs as none, and cannot change to the other.",
        "Make a new web service with this source, and delete this one.",
    ),
)
