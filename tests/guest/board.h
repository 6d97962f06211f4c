/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * board.h - what the VMM and the guest's program have agreed on.
 *
 *	guest physical = guest virtual
 *
 *	0x001000  the board: what the VMM tells the program, and what the program reports
 *	0x010000  page tables, made by the VMM: 2 MiB pages, one to one
 *	0x100000  the program, with its stacks
 *	0x200000  the field, up to the end of memory: words that are counted up
 *
 * The field proves itself. A round adds one to some word of it, to the number of rounds, and the
 * word's number to the weight. So at any time the sum of all words has to be the number of rounds,
 * and the sum of all words, each times its number, the weight. One changed byte, one lost write,
 * two pages that changed places: each of these is seen. Every processor has pages of its own.
 */
#ifndef GUEST_BOARD_H
#define GUEST_BOARD_H

#include <stdint.h>

#define GUEST_BOARD  0x001000UL
#define GUEST_TABLES 0x010000UL
#define GUEST_IMAGE  0x100000UL
#define GUEST_FIELD  0x200000UL
#define GUEST_PAGE   4096UL
#define GUEST_WORDS  (GUEST_PAGE / sizeof(uint64_t))

/* More than a word of the field is counted up to in any test. */
#define GUEST_MOST_ROUNDS (1UL << 24)

/* The tables end before the program: up to 64 GiB. */
#define GUEST_MOST_MEMORY  (64UL << 30)
#define GUEST_LEAST_MEMORY (4UL << 20)
#define GUEST_MOST_CPUS    16

/*
 * The program writes its processor's number to this port after each report, and reads its rounds
 * from there; 4 bytes each.
 */
#define GUEST_PORT 0x500

/* What the VMM has switched on in XCR0: x87 and SSE, and AVX if the processor has it. */
#define GUEST_XCR0_SSE 3
#define GUEST_XCR0_AVX 4

enum guest_report {
	GUEST_FILLED, /* the field has its first values */
	GUEST_RIGHT,  /* field, registers and clock are right; checked all of them */
	GUEST_AWAY,   /* time went by without us: @value, in us of the guest's clock */
	GUEST_WRONG,  /* @value is an enum guest_wrong; the processor stops */
};

enum guest_wrong {
	GUEST_WRONG_SUM,
	GUEST_WRONG_WEIGHT,
	GUEST_WRONG_CLOCK,   /* it went back */
	GUEST_WRONG_VECTORS, /* SSE or AVX registers */
	GUEST_WRONG_DEBUG,   /* debug registers */
	GUEST_WRONG_MSR,
	GUEST_WRONG_XCR0,
	GUEST_WRONG_ANSWER,   /* of an IN */
	GUEST_WRONG_TOGETHER, /* another processor's clock was further than ours is now */
	GUEST_WRONG_TRAP,     /* an exception; @stack tells where */
};

struct guest_cpu {
	/* Counted by the interrupt handler, which finds it by GS. */
	uint64_t ticks;
	uint32_t report; /* enum guest_report */
	uint32_t number;
	uint64_t value;
	uint64_t rounds, weight;
	uint64_t pages; /* of the field, that are this processor's */
	uint64_t random;
	uint64_t leaps; /* times without us */
	uint64_t clock; /* the time stamp counter when it was last looked at */
	uint64_t away;  /* the longest time without us since the last report of it, in cycles */
	uint64_t next_check; /* in ticks */
	uint64_t
		stack[2]; /* on top of it at an exception: its error code if it has one, and %rip */
};

struct guest_board {
	/* By the VMM, before the first instruction. */
	uint64_t memory; /* bytes */
	uint32_t cpus;
	uint32_t tsc_khz;
	/* By the program. */
	uint64_t latest; /* time stamp that some processor has seen */
	struct guest_cpu cpu[GUEST_MOST_CPUS];
};

#endif
