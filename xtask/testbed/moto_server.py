"""Runs moto, the EC2 stand-in of the test bed, until standard input closes.

Listens on a free port of 127.0.0.1, and prints one line of JSON when it is ready:

    {"endpoint": "http://127.0.0.1:PORT", "image_id": "ami-...", "image_id_windows": "ami-...",
     "subnet_id": "subnet-...", "instance_profile": "testbed", "users": null}

With --users it makes two IAM users and from then on checks signatures and policies, as AWS does:

    "users": {"allowed": {"access_key_id": "...", "secret_access_key": "..."}, "denied": {...}}

`allowed` may do everything in EC2, `denied` may only describe. The process that started this one holds the other
end of standard input, so this one cannot outlive it, not even when that process is killed.
"""

import argparse
import json
import os
import sys
import threading
import urllib.request

# moto reads these when it is imported. By default it accepts any image, key pair and instance type.
os.environ["MOTO_ENABLE_AMI_VALIDATION"] = "1"
os.environ["MOTO_ENABLE_KEYPAIR_VALIDATION"] = "1"
os.environ["MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION"] = "1"

import boto3  # noqa: E402
from moto.ec2 import utils  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

# Ours, not moto's: the filter by the client token of a launch (AWS API reference, DescribeInstances).
utils.filter_dict_attribute_mapping["client-token"] = "client_token"

REGION = "us-east-1"
ALLOWED_ACTIONS = {"allowed": "ec2:*", "denied": "ec2:Describe*"}


def client(service, endpoint):
    """A client of the server itself; until the users exist it accepts any key."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="unchecked",
        aws_secret_access_key="unchecked",
    )


def find_images(endpoint):
    """One Linux and one Windows image that moto knows. This first call also makes moto load its EC2 data."""
    images = client("ec2", endpoint).describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"]
    windows = [image["ImageId"] for image in images if image.get("Platform") == "windows"]
    linux = [image["ImageId"] for image in images if image.get("Platform") != "windows"]
    return {"image_id": min(linux), "image_id_windows": min(windows)}


def find_subnet(endpoint):
    """A subnet of the default VPC, which moto makes by itself."""
    subnets = client("ec2", endpoint).describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    return {"subnet_id": min(subnet["SubnetId"] for subnet in subnets["Subnets"])}


def make_instance_profile(endpoint):
    """An instance profile, which moto looks up even in a dry run."""
    profile = client("iam", endpoint).create_instance_profile(InstanceProfileName="testbed")
    return {"instance_profile": profile["InstanceProfile"]["InstanceProfileName"]}


def make_users(endpoint):
    """Makes the IAM users, then turns the checks on."""
    iam = client("iam", endpoint)
    users = {}
    for name, action in ALLOWED_ACTIONS.items():
        iam.create_user(UserName=name)
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
        }
        iam.put_user_policy(UserName=name, PolicyName="ec2", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        users[name] = {
            "access_key_id": key["AccessKeyId"],
            "secret_access_key": key["SecretAccessKey"],
        }
    request = urllib.request.Request(
        f"{endpoint}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(request).close()
    return users


def end_with_standard_input():
    sys.stdin.read()
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description="Runs moto until standard input closes.")
    parser.add_argument("--users", action="store_true", help="make IAM users and check who is asking")
    arguments = parser.parse_args()
    watcher = threading.Thread(target=end_with_standard_input, daemon=True)
    watcher.start()

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    ready = {"endpoint": endpoint, **find_images(endpoint), **find_subnet(endpoint), **make_instance_profile(endpoint)}
    ready["users"] = make_users(endpoint) if arguments.users else None
    print(json.dumps(ready), flush=True)
    watcher.join()


main()
