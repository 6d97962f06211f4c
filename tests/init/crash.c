// SPDX-License-Identifier: BSD-2-Clause
/*
 * crash.c - crash kernels: the outgoing side marks a page and crashes, the incoming side looks for
 * that page in /proc/vmcore, where it sees the memory of the crashed kernel.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init.h"

#define VMCORE "/proc/vmcore"

#ifdef __x86_64__
#define MACHINE EM_X86_64
#else
#define MACHINE EM_AARCH64
#endif

void crash_mark(uint64_t seed)
{
	uint64_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	if (page == MAP_FAILED)
		fail("marker: %s", strerror(errno));
	fill_page(page, seed, 0);
	say("marker=0x%lx", (unsigned long)physical(page));
}

void crash_now(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "c", 1) != 1)
		fail("sysrq: %s", strerror(errno));
	fail("the kernel did not crash");
}

static void read_at(int fd, void *to, size_t size, uint64_t at)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < size && n > 0) {
		n = pread(fd, (char *)to + done, size - done, (off_t)(at + done));
		done += n > 0 ? (size_t)n : 0;
	}
	if (done < size)
		fail(VMCORE " at 0x%lx: %s", (unsigned long)(at + done), strerror(errno));
}

static Elf64_Ehdr read_header(int fd)
{
	Elf64_Ehdr e;

	read_at(fd, &e, sizeof(e), 0);
	if (memcmp(e.e_ident, ELFMAG, SELFMAG) || e.e_ident[EI_CLASS] != ELFCLASS64 ||
	    e.e_type != ET_CORE || e.e_machine != MACHINE || e.e_phentsize != sizeof(Elf64_Phdr) ||
	    e.e_phnum < 2)
		fail(VMCORE ": not a dump of this machine");
	return e;
}

/* The kernel that crashed has left its own description among the notes. */
static void check_notes(int fd, const Elf64_Phdr *p)
{
	char *notes = malloc(p->p_filesz);

	read_at(fd, notes, p->p_filesz, p->p_offset);
	if (!memmem(notes, p->p_filesz, "OSRELEASE=", 10))
		fail(VMCORE ": no vmcoreinfo in %lu bytes of notes", (unsigned long)p->p_filesz);
	free(notes);
}

/*
 * The physical address of the marked page, if it is in this part of memory; else 0. Mapped, because
 * reading all of it takes long.
 */
static uint64_t find_marker(int fd, const Elf64_Phdr *p, const uint64_t *want)
{
	uint64_t size = p->p_filesz / PAGE * PAGE, found = 0;
	char *all = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, (off_t)p->p_offset) : NULL;

	if (all == MAP_FAILED)
		fail(VMCORE " at 0x%lx: %s", (unsigned long)p->p_offset, strerror(errno));
	for (uint64_t at = 0; at < size && !found; at += PAGE)
		if (!memcmp(all + at, want, PAGE))
			found = p->p_paddr + at;
	if (size)
		munmap(all, size);
	return found;
}

/* Is it RAM of this kernel? */
static int is_ram(uint64_t addr)
{
	FILE *f = fopen("/proc/iomem", "r");
	unsigned long start, end;
	char line[200];
	int found = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " : System RAM") && sscanf(line, "%lx-%lx", &start, &end) == 2)
			found |= addr >= start && addr <= end;
	if (!f || fclose(f))
		fail("/proc/iomem: %s", strerror(errno));
	return found;
}

void crash_check(uint64_t seed)
{
	int fd = open(VMCORE, O_RDONLY | O_CLOEXEC);
	uint64_t *want = malloc(PAGE), marker = 0;
	Elf64_Phdr p;
	Elf64_Ehdr e;

	if (fd < 0)
		fail(VMCORE ": %s", strerror(errno));
	fill_page(want, seed, 0);
	e = read_header(fd);
	for (unsigned int i = 0; i < e.e_phnum && !marker; i++) {
		read_at(fd, &p, sizeof(p), e.e_phoff + i * sizeof(p));
		if (p.p_type == PT_NOTE)
			check_notes(fd, &p);
		else if (p.p_type == PT_LOAD)
			marker = find_marker(fd, &p, want);
	}
	if (!marker)
		fail(VMCORE ": the marked page is not in it, or has changed");
	if (is_ram(marker))
		fail("the memory of the crashed kernel is RAM of this one");
	say("vmcore_marker=0x%lx", (unsigned long)marker);
	close(fd);
	free(want);
}
