#!/bin/sh
# Debian's slurm-client 22.05.8-4+deb12u3 (seen 2026-11-30): `sbatch --version` reads the configuration of the cluster before it
# prints its version. Where SLURM_CONF names a file that is not there it tries for a minute and ends with 1, without a version;
# with a file of two lines it prints `slurm-wlm 22.05.8` at once. So to ask for the version is no test of whether SLURM is
# installed, and may take a minute. Needs Debian 12, apt-get and dpkg.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet slurm-client=22.05.8-4+deb12u3 slurm-wlm-basic-plugins=22.05.8-4+deb12u3 >/dev/null
for package in *.deb; do dpkg -x "$package" .; done
libraries=$(dirname "$(find . -name 'libslurmfull.so' | head -n 1)")
LD_LIBRARY_PATH="$folder/$libraries"; export LD_LIBRARY_PATH
printf 'ClusterName=any\nSlurmctldHost=localhost\n' > slurm.conf
SLURM_CONF="$folder/slurm.conf" usr/bin/sbatch --version | tee said
grep -q '^slurm-wlm 22.05.8$' said
begun=$(date +%s)
if SLURM_CONF="$folder/missing.conf" usr/bin/sbatch --version > said 2>&1; then exit 1; fi
took=$(($(date +%s) - begun))
cat said
echo "ended with an error after $took s"
grep -q 'retrying in 1sec up to 60sec' said
! grep -q '^slurm-wlm' said
[ "$took" -ge 30 ]
echo "as described"
