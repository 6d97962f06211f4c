/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation tables of arm64, stage 1, 4 KiB granule: bits of entries and registers, for C and
 * assembler (Arm Architecture Reference Manual, DDI 0487, chapter D8 and registers MAIR_ELx,
 * TCR_ELx).
 *
 * Two formats of a leaf. A regime with two exception levels (EL1&0, and EL2 with HCR_EL2.E2H set)
 * has AP[1] for EL0 and two execute-never bits. EL2 without E2H has one exception level: AP[1] is
 * RES1, bit 54 is the one execute-never bit and bit 53 RES0.
 */
#ifndef ARCH_ARM64_PAGETABLE_BITS_H
#define ARCH_ARM64_PAGETABLE_BITS_H

#ifdef __ASSEMBLY__
#define PT_UL(x) x
#else
#define PT_UL(x) x##ULL
#endif

/* ---- entries --------------------------------------------------------------------------------- */

#define PTE_VALID     PT_UL(0x1)
#define PTE_TABLE     PT_UL(0x3) /* to the next level; levels L0 to L2 */
#define PTE_BLOCK     PT_UL(0x1) /* 1 GiB at L1, 2 MiB at L2 */
#define PTE_PAGE      PT_UL(0x3) /* 4 KiB at L3 */
#define PTE_TYPE      PT_UL(0x3)
#define PTE_ATTR(n)   ((n) << 2) /* index into MAIR */
#define PTE_ATTR_MASK PTE_ATTR(PT_UL(7))
#define PTE_AP1       (PT_UL(1) << 6) /* EL0 may access; RES1 with one exception level */
#define PTE_RDONLY    (PT_UL(1) << 7)
#define PTE_INNER     (PT_UL(3) << 8) /* inner shareable; without effect on Device memory */
#define PTE_AF        (PT_UL(1) << 10)
#define PTE_PXN       (PT_UL(1) << 53) /* EL1 or EL2 with E2H; RES0 with one exception level */
#define PTE_UXN       (PT_UL(1) << 54) /* EL0; XN with one exception level */
#define PTE_ADDR      PT_UL(0x0000fffffffff000)

/* ---- MAIR_ELx -------------------------------------------------------------------------------- */

#define MAIR_DEVICE 0 /* Device-nGnRE */
#define MAIR_NORMAL 1 /* write-back, read and write allocate, inner and outer */
#define MAIR_VALUE  PT_UL(0xff04)

/* ---- TCR_ELx --------------------------------------------------------------------------------- */

/*
 * 48-bit addresses in the lower half, table walks write-back and inner shareable, 4 KiB granule;
 * these fields are at the same bits in both formats. PARange of ID_AA64MMFR0_EL1, at most 5, is
 * added at run time.
 */
#define TCR_T0SZ   PT_UL(16)
#define TCR_IRGN0  (PT_UL(1) << 8)
#define TCR_ORGN0  (PT_UL(1) << 10)
#define TCR_SH0    (PT_UL(3) << 12)
#define TCR_TG0_4K (PT_UL(0) << 14)
#define TCR_COMMON (TCR_T0SZ | TCR_IRGN0 | TCR_ORGN0 | TCR_SH0 | TCR_TG0_4K)

#define PARANGE_MAX 5 /* 48 bits: more would need another format of the tables */

/* TCR_EL1, and TCR_EL2 with E2H: nothing is translated by TTBR1; its fields must be valid. */
#define TCR_EL1_T1SZ      (PT_UL(16) << 16)
#define TCR_EL1_EPD1      (PT_UL(1) << 23)
#define TCR_EL1_TG1_4K    (PT_UL(2) << 30)
#define TCR_EL1_IPS_SHIFT 32
#define TCR_EL1_VALUE     (TCR_COMMON | TCR_EL1_T1SZ | TCR_EL1_EPD1 | TCR_EL1_TG1_4K)

/* TCR_EL2 without E2H */
#define TCR_EL2_RES1     ((PT_UL(1) << 31) | (PT_UL(1) << 23))
#define TCR_EL2_PS_SHIFT 16
#define TCR_EL2_VALUE    (TCR_COMMON | TCR_EL2_RES1)

#endif
