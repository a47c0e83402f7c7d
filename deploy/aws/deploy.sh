#!/bin/sh
# Deploys an environment from nothing, or brings it up to date: deploy/aws/deploy.sh development --certificate ARN [--machines cpu] [--alarms ARN]
# Needs docker and the AWS CLI, with credentials and a region.
set -eu
cd "$(dirname "$0")/../.."

usage="usage: deploy/aws/deploy.sh development|staging|production --certificate ARN [--machines gpu|cpu] [--alarms SNS_TOPIC_ARN]"
environment="${1:?$usage}"
shift
certificate="" machines=gpu alarms=""
while [ $# -gt 0 ]; do
    case "$1" in
        --certificate) certificate="$2" ;;
        --machines) machines="$2" ;;
        --alarms) alarms="$2" ;;
        *) echo "$usage" >&2; exit 2 ;;
    esac
    shift 2
done
[ -n "$certificate" ] || { echo "$usage" >&2; exit 2; }

# stack PARAMETER...: creates or updates one stack from its template. Nothing to do is no error.
stack() {
    name="$1"
    shift
    echo "== $name"
    aws cloudformation deploy --stack-name "pastiche-$environment-$name" --template-file "deploy/aws/$name.yaml" \
        --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --tags project=pastiche "environment=$environment" \
        --parameter-overrides "Environment=$environment" "$@"
}

output() {
    aws cloudformation describe-stacks --stack-name "pastiche-$environment-$1" --output text \
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue"
}

version="$(git rev-parse --short=12 HEAD)-$(date -u +%Y%m%d%H%M%S)"

# build TAG ARGUMENT...: for the machines that there are, whatever this one is.
build() {
    tag="$1"
    shift
    docker build --platform linux/amd64 --tag "$tag" "$@" .
}

# push REPOSITORY: prints the image's name by digest: what is deployed is what was built. Not the first digest that there is: an image that
# another environment has, too, is named in its repository as well, and goes with it.
push() {
    docker push --quiet "$1:$version" >&2
    docker inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1:$version" | grep --fixed-strings "$1@"
}

stack images
app_repository="$(output images AppRepository)"
agent_repository="$(output images AgentRepository)"
aws ecr get-login-password | docker login --username AWS --password-stdin "${app_repository%%/*}"
build "$app_repository:$version" --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu # the app paints previews at most
build "pastiche-cuda:$version"
build "$agent_repository:$version" --file deploy/aws/agent.Dockerfile --build-arg "STUDIO=pastiche-cuda:$version"
app_image="$(push "$app_repository")"
agent_image="$(push "$agent_repository")"

stack network
stack storage
stack jobs "Machines=$machines" "AgentImage=$agent_image" "AlarmTopic=$alarms"
stack cache "AlarmTopic=$alarms"
stack app "AppImage=$app_image" "Certificate=$certificate" "AlarmTopic=$alarms"
echo "Point your name at $(output app Address)"
