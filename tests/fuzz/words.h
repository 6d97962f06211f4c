/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer input that is the memory of an outgoing kernel: a header, then words that are not zero.
 *
 *	offset 0   kind of image: format and page size
 *	       1   hint for kho-v1
 *	       2   handover: FDT and size, scratch array and size, u64 each
 *	      34   words: number of the word in the field u16, value u64
 *
 * The fuzzer can reach every word, but need not find a sound image by chance: when an input is too
 * short, the mutator begins with one that the builder of the unit tests made.
 */
#ifndef TESTS_WORDS_H
#define TESTS_WORDS_H

#include "../unit/kho_image.h"

#define WORDS_HEADER 34
#define WORDS_WORD   10
#define WORDS_FIELD  0x80000ULL /* bytes: 8 pages of 64K, 2^16 words */

/* What LLVMFuzzerCustomMutator() gets; a fuzzer of these inputs has it call words_mutate(). */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The image described by @data; false when it is too short. To be freed with kho_image_free(). */
bool words_load(struct kho_image *img, const uint8_t *data, size_t size);

/* A sound image of a kind that @random chooses. Returns its size; 0 when @max is too small. */
size_t words_seed(uint8_t *data, size_t max, uint64_t *random);

size_t words_mutate(uint8_t *data, size_t size, size_t max, unsigned int seed);

/*
 * The address in the map property of the root FDT, which need not be sound; 0 when there is none.
 */
uint64_t words_map(struct kho_image *img);

#endif
