/* JSON values printed as YAML, for `vipd -nv` and `vipctl -o yaml`. Source: YAML 1.2, chapter 5.7 (escapes); kubectl's layout.
 * Test: tests/test_yaml_out.c. */
#include "yaml_out.h"

#include "base/addr.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool reserved(const char *s)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return false;
}

/* Only what no reader can take for something else: a letter or '/' first, then harmless characters; IPv4 addresses and prefixes. */
static bool plain(const char *s, size_t len)
{
	struct addr a;
	struct cidr c;

	if (strlen(s) != len || len == 0)
		return false;
	if (addr_parse(s, &a) == 0 || cidr_parse(s, &c) == 0)
		return strchr(s, '.') && !strchr(s, ':');
	if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '/') || s[len - 1] == ':')
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:-") == len && !reserved(s);
}

/* Characters beyond ASCII that YAML takes for line breaks or does not print, as their escapes; the bytes that were read, 0 for others. */
static size_t write_special(FILE *to, const char *s, size_t left)
{
	static const struct {
		const char *bytes, *escape;
	} rows[] = {{"\xe2\x80\xa8", "\\L"}, {"\xe2\x80\xa9", "\\P"}, {"\xef\xbb\xbf", "\\uFEFF"}};
	unsigned char second = left > 1 ? (unsigned char)s[1] : 0;

	if (s[0] == '\xc2' && second >= 0x80 && second < 0xa0) {
		fprintf(to, "\\x%02x", second);
		return 2;
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (left >= 3 && memcmp(s, rows[i].bytes, 3) == 0) {
			fputs(rows[i].escape, to);
			return 3;
		}
	return 0;
}

static void write_quoted(FILE *to, const char *s, size_t len)
{
	fputc('"', to);
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)s[i];
		size_t special = write_special(to, s + i, len - i);

		if (special)
			i += special - 1;
		else if (ch == '"' || ch == '\\')
			fprintf(to, "\\%c", ch);
		else if (ch == '\n')
			fputs("\\n", to);
		else if (ch == '\t')
			fputs("\\t", to);
		else if (ch < 0x20 || ch == 0x7f)
			fprintf(to, "\\x%02x", ch);
		else
			fputc(ch, to);
	}
	fputc('"', to);
}

static void write_string(FILE *to, const char *s, size_t len)
{
	if (plain(s, len))
		fputs(s, to);
	else
		write_quoted(to, s, len);
}

static bool is_block(json_t *v)
{
	return (json_is_object(v) && json_object_size(v) > 0) || (json_is_array(v) && json_array_size(v) > 0);
}

static void write_scalar(FILE *to, json_t *v)
{
	if (json_is_string(v))
		write_string(to, json_string_value(v), json_string_length(v));
	else if (json_is_integer(v))
		fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		fprintf(to, "%.17g", json_real_value(v));
	else if (json_is_boolean(v))
		fputs(json_is_true(v) ? "true" : "false", to);
	else
		fputs(json_is_object(v) ? "{}" : json_is_array(v) ? "[]" : "null", to);
}

/* first: the cursor already stands at the place of the first line (behind "- "). */
static void write_block(FILE *to, json_t *v, int indent, bool first)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_array(v)) {
		json_array_foreach(v, i, item)
		{
			fprintf(to, "%*s- ", first ? 0 : indent, "");
			first = false;
			if (is_block(item)) {
				write_block(to, item, indent + 2, true);
				continue;
			}
			write_scalar(to, item);
			fputc('\n', to);
		}
		return;
	}
	json_object_foreach(v, key, item)
	{
		fprintf(to, "%*s", first ? 0 : indent, "");
		first = false;
		write_string(to, key, strlen(key));
		if (is_block(item)) {
			fputs(":\n", to);
			write_block(to, item, json_is_array(item) ? indent : indent + 2, false);
		} else {
			fputs(": ", to);
			write_scalar(to, item);
			fputc('\n', to);
		}
	}
}

void yaml_write(FILE *to, json_t *value)
{
	if (is_block(value)) {
		write_block(to, value, 0, false);
	} else {
		write_scalar(to, value);
		fputc('\n', to);
	}
}

char *yaml_text(json_t *value)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		abort();
	yaml_write(to, value);
	fclose(to);
	return text;
}
