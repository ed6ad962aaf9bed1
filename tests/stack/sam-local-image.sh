#!/usr/bin/env bash
# Gets what `sam local invoke` needs where no container registry can be reached: a running Docker engine and an
# image under the name of Lambda's provided:al2023. The stand-in is a minimal Debian, whose C library is older
# than or as old as the one that functions are linked for; elsewhere Docker pulls the real image by itself.
# For root on Debian or Ubuntu. What is there already is left alone.
set -euo pipefail

case "$(uname -m)" in
    x86_64) arch=x86_64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) echo "no Lambda runs on $(uname -m)" >&2; exit 1 ;;
esac
image="public.ecr.aws/lambda/provided:al2023-$arch"
here=$(cd "$(dirname "$0")/../.." && pwd)
work="$here/.local/sam-local"
mkdir -p "$work"

engine_answers() { docker info >/dev/null 2>&1; }

need=()
command -v docker >/dev/null && command -v dockerd >/dev/null || need+=(docker.io)
command -v debootstrap >/dev/null || need+=(debootstrap)
if ! engine_answers || ! docker image inspect "$image" >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "making a Docker engine and an image needs root; start Docker yourself and pull $image" >&2
        exit 1
    fi
    if [ ${#need[@]} -gt 0 ]; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "${need[@]}" ca-certificates iptables >/dev/null
    fi
fi

if ! engine_answers; then
    echo "starting dockerd (log: $work/dockerd.log)"
    setsid nohup dockerd >"$work/dockerd.log" 2>&1 </dev/null &
    echo $! >"$work/dockerd.pid"
    for _ in $(seq 90); do
        engine_answers && break
        sleep 1
    done
    engine_answers || { tail -20 "$work/dockerd.log" >&2; exit 1; }
fi

if ! docker image inspect "$image" >/dev/null 2>&1; then
    echo "making $image from a minimal Debian"
    rootfs=$(mktemp -d "$work/rootfs.XXXXXX")
    trap 'rm -rf "$rootfs"' EXIT
    debootstrap --variant=minbase --include=ca-certificates bookworm "$rootfs" >"$work/debootstrap.log" 2>&1 \
        || { tail -20 "$work/debootstrap.log" >&2; exit 1; }
    # SAM puts its own runtime emulator into the image and starts that instead of this entry point.
    tar -C "$rootfs" -c . | docker import --change 'ENTRYPOINT ["/lambda-entrypoint.sh"]' - "$image" >/dev/null
fi
echo "$image is there"
