#!/bin/sh
# Deletes an environment, with its pictures when that is asked for: deploy/aws/teardown.sh development [--with-pictures]
set -eu

environment="${1:?usage: deploy/aws/teardown.sh development|staging|production [--with-pictures]}"
printf 'This ends pastiche-%s. Type its name to go on: ' "$environment"
read -r answer
[ "$answer" = "pastiche-$environment" ] || { echo "Nothing was deleted."; exit 1; }

bucket="$(aws cloudformation describe-stacks --stack-name "pastiche-$environment-storage" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='BucketName'].OutputValue" || true)"

# Who imports goes before who exports.
for name in app workers cache jobs storage network images; do
    echo "== $name"
    aws cloudformation delete-stack --stack-name "pastiche-$environment-$name"
    aws cloudformation wait stack-delete-complete --stack-name "pastiche-$environment-$name"
done

if [ -n "$bucket" ] && [ "${2:-}" = "--with-pictures" ]; then
    # Every version: a bucket that remembers is not empty.
    aws s3api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Suspended
    while :; do
        doomed="$(aws s3api list-object-versions --bucket "$bucket" --max-items 500 --output json \
            --query '{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}, Quiet: `true`}')"
        case "$doomed" in *'"Key"'*) ;; *) break ;; esac
        aws s3api delete-objects --bucket "$bucket" --delete "$doomed" > /dev/null
    done
    aws s3api delete-bucket --bucket "$bucket"
else
    echo "The bucket $bucket is kept, with its pictures, and so is a last snapshot of the records."
fi
