/* A JSON value as block-style YAML that reads back to the same value. */
#ifndef VIPD_YAML_OUT_H
#define VIPD_YAML_OUT_H

#include <jansson.h>
#include <stdio.h>

/* Strings are plain where every YAML 1.1 and 1.2 reader takes them as strings, else double-quoted. Ends with a newline. */
void yaml_write(FILE *to, json_t *value);
char *yaml_text(json_t *value); /* the same, malloc'd */

#endif
