"""Runs apps on AWS: built by CodeBuild, served by Lambda with the Lambda Web Adapter.

What it knows lies in AWS alone. Functions, versions and layers bear the ids of services and
releases; the rest is in one bucket:

    owners/<deployment or release id>     the service it belongs to
    services/<service id>/<that id>/…     orders, results, artifacts, notes
    builder/<digest>.zip                  the program that builds run
"""
