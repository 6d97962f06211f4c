// SPDX-License-Identifier: BSD-2-Clause
/* The command line, against tables and against words that were put together on purpose. */
#include "unit.h"

#include <core/cmdline.h>

#include <stdio.h>
#include <stdlib.h>

/* Texts in blocks of their own, so that reading past their ends is seen. */
struct texts {
	char *builtin, *outside;
};

static char *block(const char *s)
{
	size_t len = strlen(s);

	return memcpy(malloc(len ? len : 1), s, len);
}

static enum kb_status split_at(const char *builtin, const char *outside, bool locked,
			       unsigned int flags, char *buf, size_t size, struct kb_options *o,
			       struct kb_diag *diag)
{
	struct texts t = {block(builtin), block(outside)};
	struct cmdline_in in = {
		.builtin = {t.builtin, strlen(builtin)},
		.outside = {t.outside, strlen(outside)},
		.locked = locked,
		.flags = flags,
	};
	enum kb_status st = cmdline_split(&in, buf, size, o, diag);

	free(t.builtin);
	free(t.outside);
	return st;
}

static char words[KB_CMDLINE_MAX + 1];
static struct kb_options opts;

static enum kb_status split(const char *builtin, const char *outside)
{
	return split_at(builtin, outside, false, 0, words, sizeof(words), &opts, NULL);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void who_gives_the_words(void **state)
{
	static const struct {
		const char *builtin, *outside, *want;
		bool from_outside;
	} t[] = {
		{"", "", "", false},
		{"a b", "", "a b", false},
		{"a b", "c", "c", true},
		{"a b", "khoboot.log=debug", "a b", false},
		{"a b", "  \n\t ", "a b", false},
		{"a b", "BOOT_IMAGE=/x", "a b", false},
		{"a b", "BOOT_IMAGE=/x c", "BOOT_IMAGE=/x c", true},
		{"khoboot.kho=off a", "", "a", false},
		{" a\t b\n", "", "a b", false},
		{"a=\"b  c\" d", "", "a=\"b  c\" d", false},
		{"\"a b\"=c d\"e f\"g", "", "\"a b\"=c d\"e f\"g", false},
		{"a \"b c", "", "a \"b c", false},
		{"a -- khoboot.log=debug", "", "a -- khoboot.log=debug", false},
		{"a khoboot.log=debug --", "", "a --", false},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		ok(split(t[i].builtin, t[i].outside));
		assert_string_equal(words, t[i].want);
		assert_int_equal(opts.from_outside, t[i].from_outside);
	}
}

static void a_nul_ends_a_text(void **state)
{
	struct cmdline_in in = {.builtin = {"a b\0c", 5}};
	(void)state;

	ok(cmdline_split(&in, words, sizeof(words), &opts, NULL));
	assert_string_equal(words, "a b");
}

static void options_do_not_reach_init(void **state)
{
	(void)state;

	ok(split("a -- khoboot.no-such", ""));
	assert_string_equal(words, "a -- khoboot.no-such");
	assert_int_equal(opts.log, KB_INFO);
}

/* The outgoing kernel's own words pass whoever gives the others, and whatever is locked. */
static void first_words_pass_always(void **state)
{
	static const char first[] = "elfcorehdr=0x1000 dmcryptkeys=0x2000";
	static const struct {
		const char *builtin, *outside, *want;
		bool locked;
	} t[] = {
		{"a b", "", "elfcorehdr=0x1000 dmcryptkeys=0x2000 a b", false},
		{"a b", "", "elfcorehdr=0x1000 dmcryptkeys=0x2000 a b", true},
		{"a b", "c d", "elfcorehdr=0x1000 dmcryptkeys=0x2000 c d", false},
		{"a b", "c d", "elfcorehdr=0x1000 dmcryptkeys=0x2000 a b", true},
		{"", "", "elfcorehdr=0x1000 dmcryptkeys=0x2000", true},
		{"khoboot.log=debug", " ", "elfcorehdr=0x1000 dmcryptkeys=0x2000", false},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cmdline_in in = {
			.builtin = {t[i].builtin, strlen(t[i].builtin)},
			.outside = {t[i].outside, strlen(t[i].outside)},
			.first = {first, strlen(first)},
			.locked = t[i].locked,
		};
		size_t len = strlen(t[i].want);
		char *buf = malloc(len + 1);

		assert_int_equal(cmdline_split(&in, buf, len, &opts, NULL), KB_CMD_LONG);
		ok(cmdline_split(&in, buf, len + 1, &opts, NULL));
		assert_string_equal(buf, t[i].want);
		assert_int_equal(opts.ignored, t[i].locked && t[i].outside[0] ? 2 : 0);
		free(buf);
	}
}

static void addresses_are_taken_off_the_beginning(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
		const char *rest;
	} t[] = {
		{"name=0x12ab rest", 0x12ab, "rest"},
		{"name=16", 16, ""},
		{"name=0x10 ", 0x10, ""},
		{"name=0x10  a", 0x10, " a"},
		{" name=0x10", 0, NULL},
		{"name=", 0, NULL},
		{"name", 0, NULL},
		{"", 0, NULL},
		{"names=1", 0, NULL},
		{"name=0x10K", 0, NULL},
		{"name=\"1\"", 0, NULL},
		{"name=1\ta", 0, NULL},
		{"name=0x10000000000000000", 0, NULL},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		size_t len = strlen(t[i].text);
		char *text = block(t[i].text);
		struct kb_text left = {text, len};
		uint64_t v = 7;

		assert_int_equal(cmdline_take_address(&left, "name", &v), t[i].rest != NULL);
		assert_int_equal(v, t[i].rest ? t[i].want : 7);
		assert_int_equal(left.len, t[i].rest ? strlen(t[i].rest) : len);
		assert_ptr_equal(left.text, text + len - left.len);
		free(text);
	}
}

/* What a boot that must go on does with options that are refused elsewhere. */
static void wrong_options_need_not_be_refused(void **state)
{
	(void)state;

	ok(split_at("khoboot.no-such a khoboot.log=debug khoboot.kho=maybe", "khoboot.via=x", false,
		    CMDLINE_LENIENT, words, sizeof(words), &opts, NULL));
	assert_string_equal(words, "a");
	assert_int_equal(opts.wrong, 3);
	assert_int_equal(opts.log, KB_DEBUG);
	assert_int_equal(opts.kho, KB_KHO_AUTO);
	ok(split("a", ""));
	assert_int_equal(opts.wrong, 0);
}

/* ---- options --------------------------------------------------------------------------------- */

static void defaults(void **state)
{
	(void)state;

	ok(split("quiet", ""));
	assert_int_equal(opts.via, KB_VIA_DIRECT);
	assert_int_equal(opts.kho, KB_KHO_AUTO);
	assert_int_equal(opts.bridge, KB_BRIDGE_AUTO);
	assert_int_equal(opts.on_error, KB_ON_ERROR_HALT);
	assert_int_equal(opts.log, KB_INFO);
	assert_int_equal(opts.kho_fdt.size, 0);
	assert_int_equal(opts.kho_scratch.size, 0);
	assert_int_equal(opts.initrds, 0);
	assert_int_equal(opts.ignored, 0);
}

/* Every value of every option; the enumerations follow the words. */
static void every_value(void **state)
{
	static const struct {
		const char *word;
		int via, kho, bridge, on_error, log;
	} t[] = {
		{"khoboot.via=direct", KB_VIA_DIRECT, 0, 0, 0, KB_INFO},
		{"khoboot.via=firmware", KB_VIA_FIRMWARE, 0, 0, 0, KB_INFO},
		{"khoboot.kho=auto", 0, KB_KHO_AUTO, 0, 0, KB_INFO},
		{"khoboot.kho=off", 0, KB_KHO_OFF, 0, 0, KB_INFO},
		{"khoboot.kho=park", 0, KB_KHO_PARK, 0, 0, KB_INFO},
		{"khoboot.bridge=auto", 0, 0, KB_BRIDGE_AUTO, 0, KB_INFO},
		{"khoboot.bridge=off", 0, 0, KB_BRIDGE_OFF, 0, KB_INFO},
		{"khoboot.bridge=off khoboot.bridge=auto", 0, 0, KB_BRIDGE_AUTO, 0, KB_INFO},
		{"khoboot.on_error=halt", 0, 0, 0, KB_ON_ERROR_HALT, KB_INFO},
		{"khoboot.on-error=discard", 0, 0, 0, KB_ON_ERROR_DISCARD, KB_INFO},
		{"khoboot.on_error=reset", 0, 0, 0, KB_ON_ERROR_RESET, KB_INFO},
		{"khoboot.on_error=fallback", 0, 0, 0, KB_ON_ERROR_FALLBACK, KB_INFO},
		{"khoboot.log=error", 0, 0, 0, 0, KB_ERROR},
		{"khoboot.log=warn", 0, 0, 0, 0, KB_WARN},
		{"khoboot.log=info", 0, 0, 0, 0, KB_INFO},
		{"khoboot.log=\"debug\"", 0, 0, 0, 0, KB_DEBUG},
		{"\"khoboot.log=debug\"", 0, 0, 0, 0, KB_DEBUG},
		{"khoboot.log=error khoboot.log=debug", 0, 0, 0, 0, KB_DEBUG},
	};
	(void)state;

	for (int outside = 0; outside < 2; outside++)
		for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
			ok(split(outside ? "" : t[i].word, outside ? t[i].word : ""));
			assert_string_equal(words, "");
			assert_int_equal(opts.via, t[i].via);
			assert_int_equal(opts.kho, t[i].kho);
			assert_int_equal(opts.bridge, t[i].bridge);
			assert_int_equal(opts.on_error, t[i].on_error);
			assert_int_equal(opts.log, t[i].log);
		}
}

/* Without a word about it, an image with two kernels starts the second if need be. */
static void a_second_kernel_is_there_to_be_used(void **state)
{
	static const struct {
		const char *word;
		enum kb_on_error want;
	} t[] = {
		{"quiet", KB_ON_ERROR_FALLBACK},
		{"khoboot.on_error=fallback", KB_ON_ERROR_FALLBACK},
		{"khoboot.on_error=halt", KB_ON_ERROR_HALT},
		{"khoboot.on_error=discard", KB_ON_ERROR_DISCARD},
		{"khoboot.on_error=reset", KB_ON_ERROR_RESET},
	};
	struct cmdline_in in = {.fallback = true};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		in.builtin = (struct kb_text){t[i].word, strlen(t[i].word)};
		ok(cmdline_split(&in, words, sizeof(words), &opts, NULL));
		assert_int_equal(opts.on_error, t[i].want);
		ok(cmdline_supported(&opts, KB_DOOR_BARE));
		ok(cmdline_supported(&opts, KB_DOOR_UEFI));
	}
	ok(split("khoboot.on_error=fallback", ""));
	assert_int_equal(cmdline_supported(&opts, KB_DOOR_BARE), KB_NO_FALLBACK);
	assert_int_equal(cmdline_supported(&opts, KB_DOOR_UEFI), KB_NO_FALLBACK);
}

static void outside_wins(void **state)
{
	(void)state;

	ok(split("khoboot.log=error khoboot.kho=off a", "khoboot.log=debug"));
	assert_int_equal(opts.log, KB_DEBUG);
	assert_int_equal(opts.kho, KB_KHO_OFF);
	assert_string_equal(words, "a");
}

static void addresses(void **state)
{
	(void)state;

	ok(split("khoboot.kho-fdt=0x1000,4096", "khoboot.kho_scratch=4096,0xFf"));
	assert_int_equal(opts.kho_fdt.base, 0x1000);
	assert_int_equal(opts.kho_fdt.size, 4096);
	assert_int_equal(opts.kho_scratch.base, 4096);
	assert_int_equal(opts.kho_scratch.size, 0xff);
	ok(split("khoboot.kho-fdt=0xfffffffffffff000,0xfff", ""));
	assert_int_equal(opts.kho_fdt.base, 0xfffffffffffff000);
}

#define NONCE "000102030405060708090a0B0C0d0e0f101112131415161718191a1b1c1d1eFf"

static void firmware_route(void **state)
{
	uint8_t nonce[32] = {0};
	(void)state;

	ok(split("quiet", ""));
	assert_int_equal(opts.seal, KB_DIGEST_ALL);
	assert_null(opts.zone.text);
	assert_null(opts.nonce.text);
	assert_false(opts.fence);
	assert_int_equal(opts.calibrate, 0);
	assert_int_equal(opts.cpus, 0);
	ok(split("a khoboot.seal=meta khoboot.zone=0-1000,2000-3000 khoboot.fence=on",
		 "khoboot.calibrate=16 khoboot.fence=off"));
	assert_string_equal(words, "a");
	assert_int_equal(opts.seal, KB_DIGEST_META);
	assert_int_equal(opts.zone.len, 16);
	assert_false(opts.fence);
	assert_int_equal(opts.calibrate, 16);
	ok(split("khoboot.seal=zone khoboot.fence=on khoboot.calibrate=0x1 khoboot.cpus=65535",
		 ""));
	assert_int_equal(opts.cpus, 65535);
	assert_int_equal(opts.seal, KB_DIGEST_ZONE);
	assert_true(opts.fence);
	assert_int_equal(opts.calibrate, 1);
	ok(split("khoboot.seal=meta khoboot.seal=all", ""));
	assert_int_equal(opts.seal, KB_DIGEST_ALL);
	assert_true(cmdline_nonce((struct kb_text){NONCE, 64}, nonce));
	for (int i = 0; i < 31; i++)
		assert_int_equal(nonce[i], i);
	assert_int_equal(nonce[31], 0xff);
}

static void nonces_are_64_digits(void **state)
{
	const char *text = "00fF1234567890abcdef1234567890ABCDEF1234567890abcdef12345678901z";
	uint8_t nonce[KB_NONCE_SIZE] = {7};
	char good[65];

	(void)state;
	assert_false(cmdline_nonce((struct kb_text){text, 64}, nonce));
	assert_int_equal(nonce[0], 7);
	memcpy(good, text, 65);
	good[63] = '0';
	assert_false(cmdline_nonce((struct kb_text){good, 63}, nonce));
	assert_true(cmdline_nonce((struct kb_text){good, 64}, nonce));
	assert_int_equal(nonce[0], 0);
	assert_int_equal(nonce[1], 0xff);
	assert_int_equal(nonce[31], 0x10);
}

/* Texts point into what was given. */
static void nonce_and_zone_are_texts(void **state)
{
	static const char line[] = "khoboot.nonce=" NONCE " khoboot.zone=\"5000-6000\"";
	struct cmdline_in in = {.outside = {line, sizeof(line) - 1}};
	(void)state;

	ok(cmdline_split(&in, words, sizeof(words), &opts, NULL));
	assert_true(text_is(opts.nonce, NONCE));
	assert_true(text_is(opts.zone, "5000-6000"));
	in.locked = true;
	ok(cmdline_split(&in, words, sizeof(words), &opts, NULL));
	assert_int_equal(opts.ignored, 2);
	assert_null(opts.nonce.text);
	assert_null(opts.zone.text);
}

static void wrong_words_have_codes(void **state)
{
	static const struct {
		const char *word;
		enum kb_status want;
	} t[] = {
		{"khoboot.foo=1", KB_CMD_UNKNOWN},
		{"khoboot.", KB_CMD_UNKNOWN},
		{"khoboot.log", KB_CMD_UNKNOWN},
		{"khoboot.Log=debug", KB_CMD_UNKNOWN},
		{"khoboot.logs=debug", KB_CMD_UNKNOWN},
		{"\"khoboot.foo=1 2\"", KB_CMD_UNKNOWN},
		{"khoboot.log=", KB_CMD_VALUE},
		{"khoboot.log=inf", KB_CMD_VALUE},
		{"khoboot.log=info|", KB_CMD_VALUE},
		{"khoboot.log=error|warn", KB_CMD_VALUE},
		{"khoboot.via=fast", KB_CMD_VALUE},
		{"khoboot.kho=on", KB_CMD_VALUE},
		{"khoboot.bridge=park", KB_CMD_VALUE},
		{"khoboot.on_error=panic", KB_CMD_VALUE},
		{"khoboot.seal=some", KB_CMD_VALUE},
		{"khoboot.fence=1", KB_CMD_VALUE},
		{"khoboot.zone=", KB_CMD_VALUE},
		{"khoboot.calibrate=", KB_CMD_VALUE},
		{"khoboot.calibrate=0", KB_CMD_VALUE},
		{"khoboot.calibrate=17", KB_CMD_VALUE},
		{"khoboot.calibrate=0x100000001", KB_CMD_VALUE},
		{"khoboot.cpus=", KB_CMD_VALUE},
		{"khoboot.cpus=0", KB_CMD_VALUE},
		{"khoboot.cpus=65536", KB_CMD_VALUE},
		{"khoboot.cpus=all", KB_CMD_VALUE},
		{"khoboot.nonce=", KB_CMD_VALUE},
		{"khoboot.nonce=0" NONCE, KB_CMD_VALUE},
		{"khoboot.nonce=01020304050607080910111213141516171819202122232425262728293031x2",
		 KB_CMD_VALUE},
		{"khoboot.nonce=010203040506070809101112131415161718192021222324252627282930313",
		 KB_CMD_VALUE},
		{"khoboot.kho-fdt=0x1000", KB_CMD_VALUE},
		{"khoboot.kho-fdt=,1", KB_CMD_VALUE},
		{"khoboot.kho-fdt=1,", KB_CMD_VALUE},
		{"khoboot.kho-fdt=0x,1", KB_CMD_VALUE},
		{"khoboot.kho-fdt=12g,1", KB_CMD_VALUE},
		{"khoboot.kho-fdt=ff,1", KB_CMD_VALUE},
		{"khoboot.kho-fdt=-1,1", KB_CMD_VALUE},
		{"khoboot.kho-fdt=1,2,3", KB_CMD_VALUE},
		{"khoboot.kho-fdt=1,0", KB_CMD_VALUE},
		{"khoboot.kho-fdt=0xffffffffffffffff,1", KB_CMD_VALUE},
		{"khoboot.kho-fdt=0x10000000000000000,1", KB_CMD_VALUE},
		{"khoboot.kho-fdt=18446744073709551616,1", KB_CMD_VALUE},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct kb_diag diag = {0};
		char text[100], buf[100] = "same";
		struct kb_options o = {.initrds = 77};

		snprintf(text, sizeof(text), "one %s", t[i].word);
		if (split_at(text, "", false, 0, buf, sizeof(buf), &o, &diag) != t[i].want)
			fail_msg("not refused, or with another code: %s", t[i].word);
		assert_int_equal(diag.at, 4);
		assert_int_equal(diag.value, 0);
		assert_string_equal(buf, "same");
		assert_int_equal(o.initrds, 77);
		diag = (struct kb_diag){0};
		assert_int_equal(split_at("", text, false, 0, buf, sizeof(buf), &o, &diag),
				 t[i].want);
		assert_int_equal(diag.value, 1);
	}
}

/* The exact room that is needed: the words, their spaces and the NUL. */
static void the_buffer_is_not_passed(void **state)
{
	char buf[8];
	(void)state;

	memset(buf, '#', sizeof(buf));
	ok(split_at(" ab   cde ", "", false, 0, buf, 7, &opts, NULL));
	assert_memory_equal(buf, "ab cde\0#", 8);
	memset(buf, '#', sizeof(buf));
	assert_int_equal(split_at("ab cdef", "", false, 0, buf, 7, &opts, NULL), KB_CMD_LONG);
	assert_int_equal(buf[0], '#');
	ok(split_at("", "", false, 0, buf, 1, &opts, NULL));
	assert_int_equal(buf[0], '\0');
}

/* ---- lock ------------------------------------------------------------------------------------ */

static void locked_image_keeps_its_words(void **state)
{
	(void)state;

	ok(split_at("khoboot.kho=off a",
		    "b khoboot.kho=auto khoboot.log=debug linux=\\x khoboot.via=firmware"
		    " khoboot.nonsense -- c",
		    true, CMDLINE_PATHS, words, sizeof(words), &opts, NULL));
	assert_string_equal(words, "a");
	assert_int_equal(opts.kho, KB_KHO_OFF);
	assert_int_equal(opts.log, KB_DEBUG);
	assert_int_equal(opts.via, KB_VIA_FIRMWARE);
	assert_null(opts.kernel.text);
	assert_false(opts.from_outside);
	assert_int_equal(opts.ignored, 6); /* b, kho, linux, nonsense, --, c */
}

/* Under lock, too, an unknown option in .cmdline and a wrong value from outside are refused. */
static void locked_image_is_checked(void **state)
{
	(void)state;

	assert_int_equal(split_at("khoboot.foo=1", "", true, 0, words, sizeof(words), &opts, NULL),
			 KB_CMD_UNKNOWN);
	assert_int_equal(split_at("", "khoboot.log=loud", true, 0, words, sizeof(words), &opts,
				  NULL),
			 KB_CMD_VALUE);
}

/* ---- the UEFI door --------------------------------------------------------------------------- */

static void paths_are_taken(void **state)
{
	static const char outside[] = "linux=\\vmlinuz initrd=\\a root=x initrd=\"\\b c\"";
	struct cmdline_in in = {
		.builtin = {"linux=\\no initrd=\\no", 20},
		.outside = {outside, sizeof(outside) - 1},
		.flags = CMDLINE_PATHS,
	};
	(void)state;

	ok(cmdline_split(&in, words, sizeof(words), &opts, NULL));
	assert_string_equal(words, "root=x");
	assert_memory_equal(opts.kernel.text, "\\vmlinuz", opts.kernel.len);
	assert_int_equal(opts.kernel.len, 8);
	assert_int_equal(opts.initrds, 2);
	assert_int_equal(opts.initrd[0].len, 2);
	assert_int_equal(opts.initrd[1].len, 4);
	assert_memory_equal(opts.initrd[1].text, "\\b c", 4);
	in.flags = 0;
	ok(cmdline_split(&in, words, sizeof(words), &opts, NULL));
	assert_string_equal(words, outside);
	assert_int_equal(opts.initrds, 0);
}

static void too_many_initrds(void **state)
{
	char text[256] = "";
	(void)state;

	for (int i = 0; i < KB_INITRD_MAX; i++)
		strcat(text, "initrd=\\x ");
	ok(split_at("", text, false, CMDLINE_PATHS, words, sizeof(words), &opts, NULL));
	assert_int_equal(opts.initrds, KB_INITRD_MAX);
	assert_string_equal(words, "");
	strcat(text, "initrd=\\y");
	assert_int_equal(split_at("", text, false, CMDLINE_PATHS, words, sizeof(words), &opts,
				  NULL),
			 KB_CMD_PATHS);
}

/* Who starts an image, and what it says: the table of docs/loaders.md. */
static void program_name_is_dropped(void **state)
{
	static const struct {
		const char *outside, *want;
		bool shell, net;
		const char *file;
	} t[] = {
		{"khoboot.efi a", "a", false, false, NULL},
		{"FS0:\\KHOBOOT.EFI a", "a", true, false, NULL},
		{"\"a b.efi\" c", "c", true, false, NULL},
		{" b.efi a", "a", false, false, NULL},
		{"a b.efi", "a b.efi", false, false, NULL},
		{"b.efix a", "b.efix a", false, false, NULL},
		{"efi", "efi", false, false, NULL},
		{".efi", "", false, false, NULL},
		/* The shell finds an application without its suffix, too. */
		{"uki a=b", "a=b", true, false, "\\uki.efi"},
		{"uki", "", true, false, "\\uki.efi"},
		/* iPXE: --name uki, with and without words. */
		{"uki root=/dev/vda", "root=/dev/vda", false, true, "uki"},
		{"uki", "", false, true, NULL},
		{"root=/dev/vda", "root=/dev/vda", false, true, NULL},
		{"quiet splash", "quiet splash", false, true, NULL},
		/* Boot entries, boot managers, GRUB: words only. */
		{"quiet", "quiet", false, false, "\\EFI\\BOOT\\BOOTX64.EFI"},
		{"BOOT_IMAGE=/uki.efi quiet", "BOOT_IMAGE=/uki.efi quiet", false, false, NULL},
		{"BOOT_IMAGE=/u quiet", "BOOT_IMAGE=/u quiet", false, false, "\\u"},
		{"\\efi\\linux\\UKI quiet", "quiet", false, false, "\\EFI\\Linux\\uki"},
		{"", "", true, true, "uki"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cmdline_start start = {t[i].shell, t[i].net, {t[i].file, 0}};
		char *outside = block(t[i].outside);
		struct kb_text rest;

		start.file.len = t[i].file ? strlen(t[i].file) : 0;
		rest = cmdline_skip_program((struct kb_text){outside, strlen(t[i].outside)},
					    &start);
		while (rest.len && *rest.text == ' ')
			rest = (struct kb_text){rest.text + 1, rest.len - 1};
		assert_int_equal(rest.len, strlen(t[i].want));
		assert_memory_equal(rest.text, t[i].want, rest.len);
		free(outside);
	}
	assert_null(
		cmdline_skip_program((struct kb_text){NULL, 0}, &(struct cmdline_start){0}).text);
}

/* ---- helpers --------------------------------------------------------------------------------- */

static void last_value_counts(void **state)
{
	static const char text[] = "console=tty0 \"console=ttyS0,115200\" x -- console=no";
	struct kb_text got = {NULL, 77};
	(void)state;

	assert_true(cmdline_last((struct kb_text){text, sizeof(text) - 1}, "console", &got));
	assert_int_equal(got.len, 12);
	assert_memory_equal(got.text, "ttyS0,115200", 12);
	got.len = 77;
	assert_false(cmdline_last((struct kb_text){text, sizeof(text) - 1}, "consol", &got));
	assert_false(cmdline_last((struct kb_text){NULL, 0}, "console", &got));
	assert_int_equal(got.len, 77);
}

/* ---- property -------------------------------------------------------------------------------- */

static const char *const pool[] = {"quiet", "root=/dev/sda1",    "a=\"b c\"", "\"x y\"=z", "-",
				   "---",   "kernel.khoboot.x=1"};
static const char *const ours[] = {"khoboot.log=warn", "khoboot.kho=off", "\"khoboot.via=direct\"",
				   "khoboot.kho-fdt=1,2"};
static const char *const spaces[] = {" ", "  ", "\t", "\n", " \r\n "};

/* Words in a text with random gaps; @want is what the kernel is to get. */
static void random_text(uint64_t *seed, char *text, char *want)
{
	text[0] = want[0] = '\0';
	for (uint64_t n = random_below(seed, 12); n; n--) {
		bool mine = random_below(seed, 3) == 0;
		const char *w = mine ? ours[random_below(seed, ARRAY_SIZE(ours))]
				     : pool[random_below(seed, ARRAY_SIZE(pool))];

		strcat(text, w);
		strcat(text, spaces[random_below(seed, ARRAY_SIZE(spaces))]);
		if (mine)
			continue;
		if (want[0])
			strcat(want, " ");
		strcat(want, w);
	}
}

static void words_are_all_kept(void **state)
{
	uint64_t seed = 3;
	(void)state;

	for (int i = 0; i < 20000; i++) {
		char text[2][512], want[2][512];

		random_text(&seed, text[0], want[0]);
		random_text(&seed, text[1], want[1]);
		ok(split(text[0], text[1]));
		assert_string_equal(words, want[1][0] ? want[1] : want[0]);
		assert_int_equal(opts.from_outside, !!want[1][0]);
	}
}

static void no_option_is_ignored_in_silence(void **state)
{
	struct kb_options park = {.kho = KB_KHO_PARK}, fdt = {.kho_fdt = {0, 4096}};
	struct kb_options scratch = {.kho_scratch = {0, 16}}, via = {.via = KB_VIA_FIRMWARE};
	struct kb_options none = {0}, bridge = {.bridge = KB_BRIDGE_OFF};
	(void)state;

	ok(cmdline_supported(&none, KB_DOOR_BARE));
	ok(cmdline_supported(&via, KB_DOOR_BARE));
	assert_int_equal(cmdline_supported(&park, KB_DOOR_BARE), KB_NO_PARK);
	assert_int_equal(cmdline_supported(&park, KB_DOOR_UEFI), KB_NO_PARK);
	ok(cmdline_supported(&bridge, KB_DOOR_BARE));
	ok(cmdline_supported(&bridge, KB_DOOR_UEFI));
	assert_int_equal(cmdline_supported(&fdt, KB_DOOR_BARE), KB_NO_CARRIER);
	assert_int_equal(cmdline_supported(&scratch, KB_DOOR_BARE), KB_NO_CARRIER);
	ok(cmdline_supported(&fdt, KB_DOOR_UEFI));
	ok(cmdline_supported(&scratch, KB_DOOR_UEFI));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_option_is_ignored_in_silence),
		cmocka_unit_test(who_gives_the_words),
		cmocka_unit_test(a_nul_ends_a_text),
		cmocka_unit_test(first_words_pass_always),
		cmocka_unit_test(addresses_are_taken_off_the_beginning),
		cmocka_unit_test(wrong_options_need_not_be_refused),
		cmocka_unit_test(options_do_not_reach_init),
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_value),
		cmocka_unit_test(a_second_kernel_is_there_to_be_used),
		cmocka_unit_test(outside_wins),
		cmocka_unit_test(addresses),
		cmocka_unit_test(firmware_route),
		cmocka_unit_test(nonces_are_64_digits),
		cmocka_unit_test(nonce_and_zone_are_texts),
		cmocka_unit_test(wrong_words_have_codes),
		cmocka_unit_test(the_buffer_is_not_passed),
		cmocka_unit_test(locked_image_keeps_its_words),
		cmocka_unit_test(locked_image_is_checked),
		cmocka_unit_test(paths_are_taken),
		cmocka_unit_test(too_many_initrds),
		cmocka_unit_test(program_name_is_dropped),
		cmocka_unit_test(last_value_counts),
		cmocka_unit_test(words_are_all_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
