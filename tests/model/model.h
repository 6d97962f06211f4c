/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of a machine with UEFI firmware, in which the UEFI door runs on the host.
 *
 * The machine's memory lies at its own physical addresses in this process, so that the door can
 * use addresses as pointers. Firmware's part is a type for each page and the services that the
 * door calls. Firmware is as nasty as the specification allows: it gives preserved pages away
 * first, its map is in no order, and each service can fail.
 *
 *	 64 KiB          1 MiB          16 MiB             40 MiB   48 MiB
 *	    | low memory   |  firmware    |  scratch, record  |         |
 *	  1 GiB           + 4 MiB  + 8 MiB    + 12 MiB             + 16 MiB
 *	    | KHO data       |       | a guest |     scratch           |
 *	1.25 GiB          + 16 MiB
 *	    | only with many pieces: every second page is firmware's    |
 *
 *	struct model_setup s = {.desc_size = 48, .options = "quiet"};
 *	model_start(&s);		memory as it is after a reset
 *	model_run(&result);		efi_main(), to its end
 *
 * What the door may never do is a complaint: model_complaint() has the first one.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <core/range.h>
#include <khoboot/status.h>
#include <route/record.h>

/* What the services of firmware are called in the model. */
enum model_service {
	SERVICE_NONE,
	SERVICE_ALLOC_ANY,
	SERVICE_ALLOC_AT,
	SERVICE_MAP,
	SERVICE_POOL,
	SERVICE_EXIT,
	SERVICE_HANDLE,
	SERVICE_LOCATE,
	SERVICE_INSTALL,
	SERVICE_WATCHDOG,
	SERVICE_VOLUME,
	SERVICE_OPEN,
	SERVICE_READ,
	SERVICE_SEEK,
	SERVICE_GET_VARIABLE,
	SERVICE_SET_VARIABLE,
	SERVICE_LOADER,
	SERVICE_TPM,
	SERVICE_OTHER,
};

/* Who names the data, if it is no record: khoboot's options, or one of these. */
enum model_carrier { CARRIER_NONE, CARRIER_OPTIONS, CARRIER_TABLE, CARRIER_TREE, CARRIER_FWCFG };

/* Of the initrd that a boot loader offers: its size may change after it was asked for. */
enum model_loader { LOADER_NONE, LOADER_OFFERS, LOADER_GROWS, LOADER_EMPTY };

enum model_tpm { TPM_NONE, TPM_NEW, TPM_OLD };

/*
 * What makes the map useless when it changes for the last time: a page of scratch that becomes
 * firmware's for good, memory of a confidential guest, more descriptors than firmware has said or
 * than a kernel is given.
 */
enum model_spoil { SPOIL_NONE, SPOIL_SCRATCH, SPOIL_UNACCEPTED, SPOIL_LARGE, SPOIL_UNFIT };

enum model_order { ORDER_UP, ORDER_DOWN, ORDER_MIXED };

struct model_setup {
	/* the memory map */
	uint64_t desc_size; /* 40 or more */
	enum model_order order;
	unsigned int pieces;  /* pages of firmware, each between two free ones */
	unsigned int at_exit; /* how often the map changes before ExitBootServices */
	unsigned int grows;   /* descriptors that each change adds */
	/* The last change at the exit; with none there, as the overwrite request is set. */
	enum model_spoil spoil;
	bool wraps;      /* a descriptor whose last byte passes 2^64 */
	bool overlaps;   /* a descriptor of reserved memory inside another one */
	bool unaccepted; /* memory of a confidential guest */
	bool own_pages;  /* firmware takes a page for itself at each allocation */
	bool no_low;     /* hardly any free memory below 1 MiB */
	bool small;      /* few MiB of RAM: what fills memory is done soon */

	/* what is started */
	const char *options;
	bool bare_stub;  /* an image without a kernel */
	bool no_headers; /* its headers are copied as U-Boot does */
	bool other_file; /* and the file is not the one that was loaded */
	bool secure;
	unsigned int read_max; /* most bytes that a Read gives; 0: all */
	bool no_volume;
	bool shrinks; /* a file that ends before its size */
	enum model_loader loader;

	/* what else the machine has */
	bool screen;
	enum model_tpm tpm;
	bool tree; /* a device tree that carries nothing */

	/* what is in memory */
	bool sealed;                /* sealed_make() was here before the reset */
	bool no_room;               /* its record has kept no room for the next kernel */
	bool damaged;               /* and one preserved bit has changed since */
	enum model_carrier carrier; /* the data are there, without a record */
	bool taken;                 /* a record is left that was used; what it says is garbage */
	uint32_t policy;            /* enum kb_on_error in the record */

	uint8_t overwrite; /* value of the memory overwrite request; 0: no such variable */

	/*
	 * Reset the machine right before the @reset_at th step: a call of firmware, or one that is
	 * for CPU, caches or console. With @cold what was not flushed is lost.
	 */
	unsigned int reset_at;
	bool cold;

	/* fail the @fail_at th call, and, with @fail_on, all after it; 0: none */
	unsigned int fail_at;
	bool fail_on;
};

enum model_end { END_RETURN, END_HALT, END_RESET, END_LEAVE };

struct model_result {
	enum model_end end;
	uint64_t answer;           /* END_RETURN: the EFI_STATUS */
	unsigned int code;         /* of the last refusal in the log, 0: none */
	unsigned int calls;        /* of services that can fail */
	enum model_service failed; /* the first one that did */
	bool handed_over;          /* END_LEAVE: with KHO data */
	bool sealed;               /* there are data that can still be used */
	bool boot_next;            /* the variable is there */
	bool watchdog;             /* it still runs */
	bool exiting;              /* ExitBootServices was called */
	unsigned int initrd_reads; /* of what the boot loader offers */
	unsigned int steps;        /* at which there may be a reset */
	uint8_t overwrite;         /* the variable */
};

/* ---- memory.c: pages */

#define MODEL_PAGE    4096ULL
#define MODEL_OVERLAP ((struct range){0x300000, 2 * MODEL_PAGE}) /* with model_setup.overlaps */

void model_map_memory(void);
void model_start(const struct model_setup *s);
/* A reset that memory survives; variables stay. Firmware's own pages are as at the start. */
void model_restart(const struct model_setup *s);

int model_type(uint64_t at); /* EFI memory type of the page; -1: no RAM */
void model_set_type(struct range r, int type);
/* RAM, sorted. */
const struct range_list *model_ram(void);
extern struct model_setup model;

/* ---- sealed.c: what a kernel left, and the firmware route sealed */

void sealed_make(void);
void sealed_restore(void);
bool sealed_is_preserved(uint64_t page);
/* Are there data, and can they still be used? */
bool sealed_is_valid(void);
/* The boot goes on without them. */
void sealed_give_up(void);
/* The record's first page: caches, memory behind them. */
void sealed_flush(struct range r);
bool sealed_is_flushed(void);
void sealed_lose_caches(void);
/* Does that memory name the data, as kernels look for them? */
bool sealed_is_named(struct range r);
/* Preserved pages that are not as they were: 0 or the first. @homes: those put back, too. */
uint64_t sealed_changed(bool homes);
bool sealed_copies_changed(void);
const char *sealed_key(void);
const char *sealed_words(void);     /* of a carrier */
uint64_t sealed_table(void);        /* address of the configuration table, in firmware's memory */
struct range sealed_firmware(void); /* memory that firmware has used since the reset */
const struct range_list *sealed_scratch(void);
struct range sealed_fdt(void); /* as carriers name it, and the list of scratch */
struct range sealed_scratch_list(void);

static inline bool model_has_data(void)
{
	return model.sealed || model.carrier;
}

/* ---- image.c: the image that is started, and files beside it */

void image_make(void);
/* Copies the image as firmware does. Returns SizeOfImage. */
uint64_t image_load(uint8_t *at, bool bare_stub);
const uint8_t *image_file(const uint16_t *path, uint64_t *size); /* NULL: there is none */
/* Does the kernel have a stub that asks for memory to be cleared? At first it has. */
void image_set_overwrite(bool asks);

/* ---- protocols.c */

/* Is what the boot loader offered in it? */
bool initrd_is_whole(struct range initrd);
/* There is a screen, and nothing was drawn. */
bool screen_is_dark(void);

/* ---- firmware.c, machine.c */

void firmware_start(void);
/* Calls efi_main() and fills the fields that only firmware knows. */
void model_run(struct model_result *ret);
_Noreturn void model_end(enum model_end end);
/* A moment at which the machine may be reset. */
void model_step(void);
/* Interrupts are off, and their handlers are ours. */
void model_mask(void);
void model_complain(const char *what, uint64_t at);
const char *model_complaint(void);
void model_log(const char *line);
const char *model_log_text(void);

/* Firmware's memory map, as the memory manager has it. */
uint64_t memory_count(void);
void memory_fill(uint8_t *to);
int memory_alloc(int type, uint64_t pages, uint64_t limit,
		 uint64_t *ret); /* 0 when there is none */
int memory_alloc_at(int type, uint64_t pages, uint64_t at);
void memory_grow(unsigned int n);
void memory_spoil(void); /* as model_setup.spoil says */

/* As cpu_leave() got them; checked after the moves. */
void model_check_leave(struct range window, struct range block, struct range initrd);

#endif
