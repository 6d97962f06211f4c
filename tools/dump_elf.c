// SPDX-License-Identifier: BSD-2-Clause
/* ELF cores of kernels: each PT_LOAD is a piece of memory. */
#include "dump.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MAX (1U << 24) /* 896 MiB of headers */

static bool known_machine(struct dump *d, unsigned int machine)
{
	const char *name = machine == EM_X86_64 ? "x86_64" : machine == EM_AARCH64 ? "arm64" : NULL;

	if (!name || (d->machine && strcmp(d->machine, name) != 0))
		return false;
	d->machine = name;
	return true;
}

/* More than 65534 segments are counted in the first section. */
static uint64_t count_segments(const struct dump_file *f, const Elf64_Ehdr *e)
{
	Elf64_Shdr first;

	if (e->e_phnum != PN_XNUM)
		return e->e_phnum;
	if (!dump_file_read(f, e->e_shoff, &first, sizeof(first)))
		return 0;
	return first.sh_info;
}

/* /proc/kcore has segments of virtual memory, too: they have no physical address. */
static void add_segment(struct dump *d, size_t file, const Elf64_Phdr *p)
{
	const struct dump_file *f = &d->file[file];
	struct range r = {p->p_paddr, p->p_filesz};

	if (p->p_type != PT_LOAD || p->p_paddr == UINT64_MAX || !r.size || range_wraps(r))
		return;
	if ((f->regular || f->flat) && p->p_offset >= f->size) {
		d->cut = true;
		return;
	}
	if ((f->regular || f->flat) && r.size > f->size - p->p_offset) {
		d->cut = true;
		r.size = f->size - p->p_offset;
	}
	dump_piece_add(d, r, file, p->p_offset);
}

enum kb_status dump_elf_open(struct dump *d, size_t file, struct kb_diag *diag)
{
	const struct dump_file *f = &d->file[file];
	Elf64_Ehdr e;
	uint64_t n;

	if (!dump_file_read(f, 0, &e, sizeof(e)) || e.e_ident[EI_CLASS] != ELFCLASS64 ||
	    e.e_ident[EI_DATA] != ELFDATA2LSB || e.e_type != ET_CORE ||
	    e.e_phentsize != sizeof(Elf64_Phdr) || !known_machine(d, e.e_machine))
		return kb_note(diag, KB_DUMP_FORMAT, 0, 0);
	n = count_segments(f, &e);
	if (!n || n > SEGMENTS_MAX || e.e_phoff > INT64_MAX)
		return kb_note(diag, KB_DUMP_FORMAT, e.e_phoff, n);
	for (uint64_t i = 0; i < n; i++) {
		Elf64_Phdr p;

		if (!dump_file_read(f, e.e_phoff + i * sizeof(p), &p, sizeof(p))) {
			d->cut = true;
			break;
		}
		add_segment(d, file, &p);
	}
	return d->pieces ? KB_OK : kb_note(diag, KB_DUMP_FORMAT, e.e_phoff, n);
}
