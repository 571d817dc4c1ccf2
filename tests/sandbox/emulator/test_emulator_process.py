"""The server's life: one process per folder on loopback, which keeps its state."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox import process
from sandbox.process import PortTakenError, Server


def listening(pid: int) -> list[str]:
    """The addresses that a process listens on, out of /proc."""
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:[")}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.append(fields[1])
    return found


def client(server: Server, service: str, account: str = "111111111111"):
    return boto3.client(
        service,
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="test",
    )


def test_it_listens_on_one_port_of_loopback_only(server: Server) -> None:
    address = f"{socket.inet_aton('127.0.0.1')[::-1].hex().upper()}:{server.port:04X}"
    assert listening(server.pid) == [address]


def test_a_folder_has_one_server(folder: Path) -> None:
    first = process.start(folder, 0)
    assert process.start(folder, 0) == first == process.find(folder)
    assert process.stop(folder)
    assert process.find(folder) is None
    assert not process.stop(folder)


def test_a_port_that_is_taken_is_reported_with_the_way_out(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"Port {port} .* SANDBOX_PORT={port + 1}"):
            process.start(folder, port)


def test_a_stopped_server_keeps_its_state(folder: Path) -> None:
    server = process.start(folder, 0)
    made = client(server, "kms").create_key()["KeyMetadata"]["Arn"]
    s3 = client(server, "s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a/b", Body=b"content")
    role = client(server, "iam").create_role(RoleName="kept", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    process.stop(folder)
    again = process.start(folder, 0)
    assert client(again, "kms").describe_key(KeyId=made)["KeyMetadata"]["Arn"] == made
    assert client(again, "s3").get_object(Bucket="kept", Key="a/b")["Body"].read() == b"content"
    assert client(again, "iam").get_role(RoleName="kept")["Role"]["Arn"] == role


def test_a_killed_server_loses_at_most_a_second(folder: Path) -> None:
    server = process.start(folder, 0)
    client(server, "iam").create_role(RoleName="early", AssumeRolePolicyDocument="{}")
    saved = folder / "state" / "iam.json"
    deadline = time.monotonic() + 1.0
    while not (saved.is_file() and "early" in saved.read_text()):
        assert time.monotonic() < deadline, "nothing was saved within a second"
    os.kill(server.pid, signal.SIGKILL)
    os.waitpid(server.pid, 0)
    again = process.start(folder, 0)
    assert again.pid != server.pid
    assert client(again, "iam").get_role(RoleName="early")["Role"]["RoleName"] == "early"


def test_an_idle_server_ends_by_itself(folder: Path) -> None:
    server = process.start(folder, 0, idle_minutes=0.2 / 60)
    assert os.waitpid(server.pid, 0)[1] == 0
    assert process.find(folder) is None


def test_ministacks_own_doors_are_closed(server: Server) -> None:
    with pytest.raises(ClientError) as refused:
        client(server, "s3").list_objects_v2(Bucket="_ministack")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_credentials_that_nobody_issued_are_refused(server: Server) -> None:
    stranger = boto3.client(
        "sqs",
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="AKIAAAAAAAAAAAAAAAAA",
        aws_secret_access_key="wrong",
    )
    with pytest.raises(ClientError, match="The security token included in the request is invalid"):
        stranger.list_queues()
