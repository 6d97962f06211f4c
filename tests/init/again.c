// SPDX-License-Identifier: BSD-2-Clause
/*
 * again.c - a kernel that hands over to itself, so that a chain can be as long as it likes.
 *
 * The initramfs cannot hold the next image, which would hold the initramfs in turn. It holds the
 * parts: kernel, stub, khoctl and this program, which packs them anew (newc,
 * Documentation/driver-api/early-userspace/buffer-format.rst) and has khoctl make the next image of
 * them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "init.h"

#define STUB   "/next/stub.efi"
#define LINUX  "/next/linux"
#define INITRD "/next/initrd"

static void put_padded(FILE *out, const void *data, size_t len, size_t header)
{
	static const char zeros[4];

	fwrite(data, 1, len, out);
	fwrite(zeros, 1, -(header + len) & 3, out);
}

static void put_entry(FILE *out, const char *name, unsigned int mode, const void *data, size_t len)
{
	static unsigned int inode;
	char head[111];

	snprintf(head, sizeof(head), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 ++inode, mode, 0, 0, 1, 0, (unsigned int)len, 0, 0, 0, 0,
		 (unsigned int)strlen(name) + 1, 0);
	fwrite(head, 1, 110, out);
	put_padded(out, name, strlen(name) + 1, 110);
	put_padded(out, data, len, 0);
}

static void put_file(FILE *out, const char *path)
{
	FILE *in = fopen(path, "re");
	struct stat st;
	void *data;

	if (!in || fstat(fileno(in), &st))
		fail("%s: %s", path, strerror(errno));
	data = malloc((size_t)st.st_size);
	if (!data || fread(data, 1, (size_t)st.st_size, in) != (size_t)st.st_size)
		fail("%s: cannot be read", path);
	put_entry(out, path + 1, S_IFREG | 0755, data, (size_t)st.st_size);
	free(data);
	fclose(in);
}

static void pack_initrd(void)
{
	FILE *out = fopen(INITRD, "we");

	if (!out)
		fail("%s: %s", INITRD, strerror(errno));
	put_file(out, "/init");
	put_file(out, "/khoctl");
	put_entry(out, "next", S_IFDIR | 0755, NULL, 0);
	put_file(out, STUB);
	put_file(out, LINUX);
	put_entry(out, "TRAILER!!!", 0, NULL, 0);
	if (fclose(out))
		fail("%s: %s", INITRD, strerror(errno));
}

/* The same words with one hop less; the last kernel only looks at what arrives. */
static void next_cmdline(const char *now, uint64_t hops, char *ret, size_t size)
{
	const char *at = strstr(now, "khotest.hops=");
	char *side;

	if (!at)
		fail("khotest.hops is gone");
	snprintf(ret, size, "%.*skhotest.hops=%llu%s", (int)(at - now), now,
		 (unsigned long long)hops - 1, at + strcspn(at, " \n"));
	ret[strcspn(ret, "\n")] = '\0';
	side = strstr(ret, "khotest.side=both");
	if (!side)
		fail("khotest.side=both is gone");
	if (hops == 1)
		memcpy(side, "khotest.side=in  ", 17);
}

void again_make_image(const char *cmdline, uint64_t hops, const char *out)
{
	char words[4096];
	const char *argv[] = {"/khoctl", "uki",       "--stub", STUB, "--linux", LINUX, "--initrd",
			      INITRD,    "--cmdline", words,    "-o", out,       NULL};

	pack_initrd();
	next_cmdline(cmdline, hops, words, sizeof(words));
	run(argv);
	if (remove(INITRD))
		fail("%s: %s", INITRD, strerror(errno));
}
