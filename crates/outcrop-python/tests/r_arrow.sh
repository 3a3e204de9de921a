#!/bin/sh
# r_arrow.sh ARROW PYARROW LIBRARY: compiles R's arrow where CRAN cannot be reached, for the test in test_export.py.
#
# ARROW is a clone of github.com/apache/arrow with its tags, PYARROW the folder of the installed package pyarrow
# (python -c "import pyarrow; print(pyarrow.__path__[0])"), which has the libraries and headers of Arrow. The package, of the same
# version, goes into the folder LIBRARY; then
#
#   R_LIBS=LIBRARY LD_LIBRARY_PATH=PYARROW cargo xtask test-python -k r_arrow
#
# Debian has what it needs: r-base-core r-cran-assertthat r-cran-bit64 r-cran-cpp11 r-cran-glue r-cran-purrr r-cran-r6
# r-cran-rlang r-cran-tidyselect r-cran-vctrs g++. Four minutes of one core.
set -eu
arrow=$(realpath "$1") pyarrow=$(realpath "$2") library=$(realpath -m "$3")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$library" "$scratch/lib/pkgconfig" "$scratch/lib/cmake/Arrow"
version=$(basename "$pyarrow"-*.dist-info .dist-info)
version=${version#pyarrow-}
git -C "$arrow" archive "apache-arrow-$version" r | tar x -C "$scratch"

# what configure reads of an installed Arrow
ln -s "$pyarrow/include" "$scratch/include"
for file in "$pyarrow"/lib*.so.*; do
    name=${file##*/}
    ln -sf "$file" "$scratch/lib/${name%%.so*}.so"
done
echo "Version: $version" >"$scratch/lib/pkgconfig/arrow.pc"
for part in PARQUET COMPUTE DATASET ACERO JSON; do
    echo "set(ARROW_$part \"ON\")"
done >"$scratch/lib/cmake/Arrow/ArrowOptions.cmake"

printf 'CXX20FLAGS=-O0 -fPIC\n' >"$scratch/makevars"
export ARROW_HOME="$scratch" PKG_CONFIG=false R_MAKEVARS_USER="$scratch/makevars" LD_LIBRARY_PATH="$pyarrow"
R CMD INSTALL --no-docs --no-byte-compile --no-test-load --library="$library" "$scratch/r"
