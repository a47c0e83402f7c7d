#!/bin/sh
# Deploys an environment from nothing, or brings it up to date: deploy/aws/deploy.sh development --certificate ARN [--machines cpu] [--alarms ARN]
# What an option chooses ends with the next deployment without it, but for --restore.
# With --app-image or --agent-image, by digest, it builds nothing there: that is the way back to an earlier image.
# Needs docker and the AWS CLI, with credentials and a region.
set -eu
cd "$(dirname "$0")/../.."

usage="usage: deploy/aws/deploy.sh development|staging|production --certificate ARN [--machines gpu|cpu] [--alarms SNS_TOPIC_ARN]
    [--app-image NAME@sha256:DIGEST] [--agent-image NAME@sha256:DIGEST] [--remove-failed yes] [--restore SNAPSHOT]
    [--smoke no] [--warm 0|1] [--door open] [--requests-per-address N] [--access-logs BUCKET]"
environment="${1:?$usage}"
shift
certificate="" machines=gpu alarms="" app_image="" agent_image="" remove_failed="" restore="" warm="" door=closed rate=0 access_logs="" smoke=yes
while [ $# -gt 0 ]; do
    case "$1" in
        --certificate) certificate="$2" ;;
        --machines) machines="$2" ;;
        --alarms) alarms="$2" ;;
        --app-image) app_image="$2" ;;
        --agent-image) agent_image="$2" ;;
        --remove-failed) remove_failed="$2" ;;
        --restore) restore="$2" ;;
        --smoke) smoke="$2" ;;
        --warm) warm="$2" ;;
        --door) door="$2" ;;
        --requests-per-address) rate="$2" ;;
        --access-logs) access_logs="$2" ;;
        *) echo "$usage" >&2; exit 2 ;;
    esac
    shift 2
done
[ -n "$certificate" ] || { echo "$usage" >&2; exit 2; }

stop() {
    echo "$1" >&2
    exit 1
}

# quota CODE NAME: whether the account may run one machine with a GPU. Without the right to ask, it may.
quota() {
    vcpus="$(aws service-quotas get-service-quota --service-code ec2 --quota-code "$1" --query Quota.Value --output text 2> /dev/null || true)"
    case "$vcpus" in
        "" | None) echo "The quota $1 ($2) cannot be read: check that it is 4 or more." >&2 ;;
        *)
            [ "${vcpus%.*}" -lt 4 ] || return 0
            echo "The account may run ${vcpus%.*} vCPUs of machines with GPUs ($2), and a painting needs 4.
Ask for more at https://console.aws.amazon.com/servicequotas/home/services/ec2/quotas/$1" >&2
            return 1
            ;;
    esac
}

# What would fail after many minutes, or silently, is asked first.
preflight() {
    case "$machines" in gpu | cpu) ;; *) stop "--machines must be gpu or cpu, not $machines." ;; esac
    case "$warm" in "" | 0 | 1) ;; *) stop "--warm is the number of workers when there is nothing to paint, 0 or 1, not $warm." ;; esac
    for image in "$app_image" "$agent_image"; do
        case "$image" in "" | *@sha256:*) ;; *) stop "$image is not named by digest: NAME@sha256:DIGEST, as \`aws ecr describe-images\` shows it." ;; esac
    done
    region="${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}"
    [ -n "$region" ] || stop "There is no region. Set AWS_DEFAULT_REGION, or run \`aws configure\`."
    aws sts get-caller-identity > /dev/null || stop "AWS does not accept the credentials. Run \`aws configure\`, or log in."
    case "$certificate" in arn:*:acm:"$region":*) ;; *) stop "The certificate $certificate is not one of the region $region: the load balancer needs that." ;; esac
    if [ "$machines" = gpu ]; then
        lacking=""
        quota L-3819A6DF "spot" || lacking="spot"
        quota L-DB2E81BA "on demand" || [ -z "$lacking" ] || stop "No machine with a GPU can start. Ask for a quota, or deploy with --machines cpu."
    fi
    # An account that has never used these services lacks their roles, and the first stack that needs one may fail. They exist otherwise.
    for service in ecs batch spot elasticache ecs.application-autoscaling; do
        aws iam create-service-linked-role --aws-service-name "$service.amazonaws.com" > /dev/null 2>&1 || true
    done
}

# remove_failed NAME: a stack whose first creation has failed can only be deleted. It has made nothing that is kept.
remove_failed() {
    status="$(aws cloudformation describe-stacks --stack-name "$1" --query "Stacks[0].StackStatus" --output text 2> /dev/null || true)"
    case "$status" in
        ROLLBACK_COMPLETE | ROLLBACK_FAILED | REVIEW_IN_PROGRESS)
            [ "$remove_failed" = yes ] || stop "The stack $1 is in $status: its creation has failed, and it has to be deleted first.
Its events say why: aws cloudformation describe-stack-events --stack-name $1
Then deploy again with --remove-failed yes."
            echo "== $1 is deleted, since its creation has failed"
            aws cloudformation delete-stack --stack-name "$1"
            aws cloudformation wait stack-delete-complete --stack-name "$1"
            ;;
    esac
}

# stack PARAMETER...: creates or updates one stack from its template. Nothing to do is no error.
stack() {
    name="$1"
    shift
    remove_failed "pastiche-$environment-$name"
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

preflight
stack images
app_repository="$(output images AppRepository)"
agent_repository="$(output images AgentRepository)"
if [ -z "$app_image" ] || [ -z "$agent_image" ]; then
    aws ecr get-login-password | docker login --username AWS --password-stdin "${app_repository%%/*}"
fi
without_cuda=TORCH_INDEX=https://download.pytorch.org/whl/cpu
if [ -z "$app_image" ]; then
    build "$app_repository:$version" --build-arg "$without_cuda" # the app paints previews at most
    app_image="$(push "$app_repository")"
fi
if [ -z "$agent_image" ]; then
    case "$machines" in
        gpu) build "$agent_repository:$version" ;;
        cpu) build "$agent_repository:$version" --build-arg "$without_cuda" ;; # Fargate keeps no image: 4 GB less for each painting
    esac
    agent_image="$(push "$agent_repository")"
fi

stack network
stack storage
stack jobs "Machines=$machines" "AgentImage=$agent_image" "AlarmTopic=$alarms"
# Without --restore, the CLI leaves the snapshot's name as it was: another one would make another Valkey.
stack cache "AlarmTopic=$alarms" ${restore:+"RestoreFrom=$restore"}
job_queue="$(output jobs JobQueue)"
[ -z "$warm" ] || stack workers "Machines=$machines" "WorkerImage=$agent_image" "JobQueue=$job_queue" "Minimum=$warm"
stack app "AppImage=$app_image" "Certificate=$certificate" "AlarmTopic=$alarms" "JobQueue=$job_queue" \
    "Machines=$machines" "Warm=$(if [ -n "$warm" ]; then echo "$machines"; else echo none; fi)" "Door=$door" "RequestsPerAddress=$rate" "AccessLogBucket=$access_logs"
# Without --warm, Batch paints all from now on.
if [ -z "$warm" ] && [ -n "$(output workers ServiceName 2> /dev/null || true)" ]; then
    echo "== workers is deleted"
    aws cloudformation delete-stack --stack-name "pastiche-$environment-workers"
fi
echo "Point your name at $(output app Address)"

# painted: has the studio paint a sample photo, by a task beside the app's. A machine may have to start for it.
painted() {
    cluster="$(output app ClusterName)"
    service() { aws ecs describe-services --cluster "$cluster" --services "$(output app ServiceName)" --query "services[0].$1" --output "$2"; }
    task="$(aws ecs run-task --cluster "$cluster" --launch-type FARGATE --task-definition "$(service taskDefinition text)" \
        --network-configuration "$(service networkConfiguration json)" --query "tasks[0].taskArn" --output text \
        --overrides '{"containerOverrides":[{"name":"app","command":["python","-m","nst","admin","smoke"]}]}')"
    for _ in 1 2 3 4; do # each for ten minutes at most
        aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task" && break
    done
    code="$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query "tasks[0].containers[0].exitCode" --output text)"
    [ "$code" = 0 ] || stop "The studio has not painted a sample photo. The log of the task $task says why.
The images of before are deployed with --app-image and --agent-image."
    echo "It has painted a sample photo."
}

[ "$smoke" = no ] || painted
