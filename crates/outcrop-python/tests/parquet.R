# Rscript parquet.R FOLDER: does R's arrow read the same from every NAME.parquet of the folder as R reads from the
# NAME.csv beside it? It also writes each again as r/snappy/NAME.parquet and r/zstd/NAME.parquet.
suppressPackageStartupMessages(library(arrow))

same <- function(found, told) {
  if (inherits(found, "integer64")) found <- as.numeric(as.character(found))
  wanted <- switch(class(found)[1],
    logical = as.logical(told),
    integer = ,
    numeric = as.numeric(told),
    told
  )
  # R's own reader of numbers may miss the nearest by one bit
  isTRUE(all.equal(found, wanted, tolerance = 1e-14, check.attributes = FALSE)) &&
    identical(is.na(found), is.na(wanted))
}

folder <- commandArgs(trailingOnly = TRUE)[1]
files <- list.files(folder, "[.]parquet$")
stopifnot(length(files) > 0)
for (method in c("snappy", "zstd")) dir.create(file.path(folder, "r", method), recursive = TRUE)
for (file in files) {
  found <- as.data.frame(read_parquet(file.path(folder, file)))
  csv <- file.path(folder, sub("parquet$", "csv", file))
  told <- read.csv(csv, colClasses = "character", na.strings = "", check.names = FALSE)
  stopifnot(nrow(found) == nrow(told))
  columns <- intersect(names(found), names(told))
  stopifnot(length(columns) > 2)
  for (column in columns) {
    if (!same(found[[column]], told[[column]])) {
      stop(file, ", ", column, ": ", toString(head(found[[column]])), " is not ", toString(head(told[[column]])))
    }
  }
  for (method in c("snappy", "zstd")) write_parquet(found, file.path(folder, "r", method, file), compression = method)
  cat(file, nrow(found), "rows,", length(columns), "of", length(told), "columns\n")
}
cat("arrow", format(packageVersion("arrow")), "\n")
