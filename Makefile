# SPDX-License-Identifier: BSD-2-Clause
#
# khoboot: `make demo` shows it, `make check` tests it, `make help` lists the rest.
#
#   ARCH=x86_64|arm64  architecture of the image (default: x86_64)
#   O=DIR         where everything built goes (default: build)
#   V=1           show the commands
#   TRUST_CARRIERS=1  believe carriers of KHO addresses under Secure Boot (docs/abi.md); after a
#                 clean

ARCH ?= x86_64
O    ?= build
# By one name, however it was given: the dependencies that the compiler writes name targets by it.
override O := $(patsubst $(CURDIR)/%,%,$(abspath $(O)))
# `make clean` removes it.
$(if $(O),,$(error O= is empty))
$(if $(filter / $(CURDIR) $(abspath $(O))/%,$(abspath $(O)) $(CURDIR)/),$(error O=$(O): holds the sources))
V    ?= 0
Q    := $(if $(filter 1,$(V)),,@)
say   = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' "$(1)" "$(2)")

CC    ?= gcc
CLANG ?= clang
ARCHDIR := $(if $(filter arm64,$(ARCH)),arch/arm64,arch/x86)
$(if $(filter x86_64 arm64,$(ARCH)),,$(error ARCH=$(ARCH): x86_64 and arm64 are supported))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# ---- sources -------------------------------------------------------------------------------
# Pure code decides; it compiles for firmware and host alike. The rest touches the machine.
BASE_C    := $(wildcard core/*.c format/*.c fdt/*.c luo/*.c bridge/*.c \
	     route/*.c)
# Pure, too, but for the heap; khoctl's alone.
INSPECT_C := $(wildcard inspect/*.c)
pure_of    = $(BASE_C) $(wildcard $(1)/plan/*.c stage/plan/*.c)
PURE      := $(call pure_of,$(ARCHDIR))
MACHINE_C := $(wildcard $(ARCHDIR)/*.c stage/*.c bare/*.c bare/$(notdir $(ARCHDIR))/*.c)
# Code for vector registers: pure, but of one architecture. Each object has the flags that it needs, and
# only what <arch/vectors.h> describes lets a CPU run it.
vector_of  = $(wildcard $(1)/vector/*.c)
VECTOR_C  := $(call vector_of,$(ARCHDIR))
VECTOR_xxh128_avx2.c := -mavx2
VECTOR_sha256_ni.c   := -msha -msse4.1
VECTOR_sha256_ce.c   := -march=armv8-a+crypto
VECTOR_CFLAGS = $(VECTOR_$(notdir $<))
MACHINE_S := $(wildcard $(ARCHDIR)/*.S)
EFI_C     := $(wildcard efi/*.c efi/$(notdir $(ARCHDIR))/*.c)
TOOLS_C   := $(wildcard tools/*.c)
TOOLS_ARCH = $(wildcard tools/$(notdir $(1))/*.c)

WARN := -Wall -Wextra -Werror -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wcast-qual -Wvla -Wimplicit-fallthrough -Wconversion \
	-Wno-sign-conversion
# <core/...> is include/core/..., <arch/...> both architectures' contracts or one's own types,
# <stage/...> and the like the headers beside their sources.
includes = -Iinclude -Iarch/include -I$(1)/include -I. -Ibare/$(notdir $(1))
BASE := -std=gnu11 $(call includes,$(ARCHDIR)) -g -MMD -MP -ffile-prefix-map=$(CURDIR)/=

# Libraries of arm64 for another machine to link with: libz.a and others in
# SYSROOT_ARM64/usr/lib/aarch64-linux-gnu, gnu-efi's in SYSROOT_ARM64/usr/lib. On arm64 itself they
# are the installed ones.
SYSROOT_ARM64 := $(if $(filter aarch64,$(shell uname -m)),,$(O)/arm64/sysroot)
SYSROOT_DONE  := $(addsuffix /.done,$(SYSROOT_ARM64))

# ---- font ----------------------------------------------------------------------------------
# For refusals on the screen: glyphs in the public domain, says Debian's console-setup-linux.
FONT      := /usr/share/consolefonts/Lat15-Fixed16.psf.gz
FONT_DIR  := $(O)/font
BASE      += -I$(FONT_DIR)

$(FONT_DIR)/font_glyphs.inc: tools/font
	$(call say,FONT,$(FONT))
	$(Q)mkdir -p $(@D)
	$(Q)tools/font $(FONT) >$@

# In whatever way core/font.c is compiled.
$(foreach to,$(ARCH)/obj $(ARCH)/tool $(ARCH)/clang $(addprefix host/obj-,tool khoctl test fuzz clang \
	arm64-test arm64-fuzz arm64-clang model-x86 model-arm64),$(O)/$(to)/core/font.c.o): \
		$(FONT_DIR)/font_glyphs.inc

# ---- firmware image ------------------------------------------------------------------------
# Position independent from both doors, no SSE or NEON (nobody saved it).
IMAGE_CFLAGS := $(BASE) $(WARN) -O2 -flto -ffreestanding -fpie -fvisibility=hidden -fshort-wchar \
	-mgeneral-regs-only -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	-fstack-protector-strong -fno-strict-aliasing -fno-tree-loop-distribute-patterns \
	-ffunction-sections -fdata-sections
ifeq ($(ARCH),x86_64)
# No red zone: interrupts.
IMAGE_CC     := $(CC)
IMAGE_PREFIX :=
IMAGE_SYSROOT :=
IMAGE_LIBDIR := /usr/lib/x86_64-linux-gnu /usr/lib
IMAGE_CFLAGS += -mno-red-zone -fcf-protection=none \
	-DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
else
IMAGE_PREFIX := $(if $(filter aarch64,$(shell uname -m)),,aarch64-linux-gnu-)
IMAGE_CC     := $(IMAGE_PREFIX)gcc
IMAGE_SYSROOT := $(SYSROOT_DONE)
IMAGE_LIBDIR := $(SYSROOT_ARM64)/usr/lib/aarch64-linux-gnu $(SYSROOT_ARM64)/usr/lib
IMAGE_CFLAGS += -mbranch-protection=none -mno-outline-atomics \
	-isystem $(SYSROOT_ARM64)/usr/include/efi -isystem $(SYSROOT_ARM64)/usr/include/efi/aarch64 \
	-isystem $(SYSROOT_ARM64)/usr/include
endif
# The platform's word on where KHO data are, believed under Secure Boot as well.
IMAGE_CFLAGS += $(if $(filter 1,$(TRUST_CARRIERS)),-DKB_TRUST_CARRIERS)
IMAGE_LDFLAGS := --no-dynamic-linker -z text -z noexecstack -z norelro \
	--gc-sections --build-id=none --fatal-warnings --no-undefined
IMAGE_LIBS := $(addprefix -L,$(IMAGE_LIBDIR)) -l:libfdt.a -l:libgnuefi.a -l:libbearssl.a
# Kernels of arm64 do not unpack themselves. The linker would take pages of 64 KiB for granted, and
# a page more for an erratum of Cortex-A53 that it can work around in place.
ifeq ($(ARCH),arm64)
IMAGE_LIBS    += arch/arm64/zstd.lds -l:libz.a -l:libzstd.a
IMAGE_LDFLAGS += -z max-page-size=4096 --fix-cortex-a53-843419=adr
endif

IMAGE_OBJ := $(patsubst %,$(O)/$(ARCH)/obj/%.o,$(PURE) $(VECTOR_C) $(MACHINE_C) $(MACHINE_S) $(EFI_C))
IMAGE_ELF := $(O)/$(ARCH)/khoboot.elf
IMAGE     := $(O)/$(ARCH)/khoboot.efi

# ---- host ----------------------------------------------------------------------------------
HOST_CFLAGS := $(BASE) $(WARN) -D_GNU_SOURCE
SAN         := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TOOL_LIBS   := -lfdt -lz -lzstd -llzma -llz4 -lbearssl -ljson-c

# khoctl asks what the bare-metal door of its own machine would do, with the same plans. One for
# another machine has objects of its own.
NATIVE     := $(if $(filter aarch64,$(shell uname -m)),arm64,x86)
khoctl_of   = $(call pure_of,arch/$(1)) $(call vector_of,arch/$(1)) $(INSPECT_C) $(TOOLS_C) $(call TOOLS_ARCH,$(1))
khoctl_obj  = $(patsubst %,$(O)/host/obj-khoctl/%.o,$(call khoctl_of,$(NATIVE)))
KHOCTL_OBJ := $(if $(filter $(NATIVE),$(notdir $(ARCHDIR))),$(khoctl_obj),\
	$(patsubst %,$(O)/$(ARCH)/tool/%.o,$(call khoctl_of,$(notdir $(ARCHDIR)))))

TEST_SRC  := $(wildcard tests/unit/test_*.c)
TEST_HELP := $(filter-out $(TEST_SRC),$(wildcard tests/unit/*.c))
TESTS     := $(patsubst tests/unit/%.c,$(O)/host/tests/%,$(TEST_SRC))
FUZZ_SRC  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZERS   := $(patsubst tests/fuzz/%.c,$(O)/host/fuzz/%,$(FUZZ_SRC))
BENCH_SRC := $(wildcard tests/bench/bench_*.c)
BENCHES   := $(patsubst tests/bench/%.c,$(O)/host/bench/%,$(BENCH_SRC))

# Pure objects of the host in five flavours: for tools (-O2), tests (sanitizers), threads, fuzzers (clang)
# and the clang build that only has to be free of warnings.
host_obj = $(patsubst %,$(O)/host/obj-$(1)/%.o,$(2))

include tests/tests.mk
include dist/dist.mk

# Those for arm64 need few of the programs that the others need.
ifeq ($(ARCH),arm64)
TEST_TOOLS := image khoctl $(PROOF) $(EDIT)
SUITES     ?= arm64 arm64_refuse arm64_proof
else
TEST_TOOLS := test-tools
endif

# Suites that are too much for `make check`.
MATRIX ?= large ready loaders bridge scratch packages

.PHONY: all help deps hint demo check matrix userland soak bench fuzz clean ready
all: hint image khoctl

hint:
	$(Q)tools/deps --hint

.PHONY: image khoctl
image: $(IMAGE)
khoctl: $(O)/host/khoctl $(O)/$(ARCH)/khoctl

help:
	@echo "make          build/$(ARCH)/khoboot.efi and khoctl; installs nothing"
	@echo "make demo     from a bare machine: OVMF -> khoboot -> Linux A with a guest -> kexec -> khoboot"
	@echo "              -> Linux B, and the guest goes on (VIA=firmware FROM=kho-v3 TO=kho-v4"
	@echo "              GUEST=64,1); ARCH=arm64: without a guest; ovmf-scripts/demo --help"
	@echo "make check    all tests; ends with 'N passed, N failed, N skipped' (SUITES='unit boot')"
	@echo "make matrix   machines too large for make check, every boot loader, every pair of kernels"
	@echo "              (MATRIX='large ready loaders bridge packages')"
	@echo "make userland Debian with systemd: services and a guest live through systemctl kexec"
	@echo "make soak     hours of random handovers through resets"
	@echo "              (SOAK='--runs 200 --damage 100 --kill 100 --guests 200');"
	@echo "              ARCH=arm64: every kernel on every machine, and a chain of 22"
	@echo "make sets     random maps through the bridge (SETS=1000000)"
	@echo "make bench    speed and size, beside plain kexec (ARCH=arm64: the blackout alone)"
	@echo "make fuzz     fuzz every parser (FUZZ_SECONDS=60 each)"
	@echo "make install  into PREFIX=/usr/local below DESTDIR=; make uninstall; ARCH=arm64"
	@echo "make deb      Debian packages, in $(O)/deb; ARCH=arm64"
	@echo "make deps     install what is missing (apt); part of demo, check, soak and bench"
	@echo "make clean    remove $(O)/"
	@echo "ARCH=x86_64|arm64  O=build  V=1  TRUST_CARRIERS=1"

deps:
	$(Q)tools/deps

# What is needed has to be there before anything is built: a second make, with as many jobs as there
# are processors unless the user said how many.
JOBS  = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
BUILD = $(Q)$(MAKE) --no-print-directory $(JOBS)
RUN  := $(Q)KHO_BUILD=$(abspath $(O)) KHO_ARCH=$(ARCH)
arm64_or = $(if $(filter arm64,$(ARCH)),$(1),$(2))

demo: deps
	$(BUILD) image khoctl $(call arm64_or,,$(VMM))
	$(RUN) ovmf-scripts/demo

ready: deps
	$(BUILD) image khoctl $(TEST_TOOLS)

soak: ready
	$(RUN) $(call arm64_or,tests/boot/matrix-arm64 --all,tests/route/soak) $(SOAK)

check: ready
	$(RUN) tests/check $(SUITES)

matrix: ready
	$(RUN) tests/check $(MATRIX)

userland: ready
	$(Q)tools/deps --packages
	$(RUN) tests/check userland tutorial

bench: ready
	$(RUN) $(call arm64_or,tests/bench/blackout,tests/bench/run)

clean:
	rm -rf $(O)

.PHONY: sysroot
sysroot: $(SYSROOT_DONE)

# ---- rules ---------------------------------------------------------------------------------
$(O)/$(ARCH)/obj/%.c.o: %.c | $(IMAGE_SYSROOT)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(IMAGE_CC) $(IMAGE_CFLAGS) $(VECTOR_CFLAGS) -c $< -o $@

# When everything is linked, code for vector registers must not be taken into other functions.
$(patsubst %,$(O)/$(ARCH)/obj/%.o,$(VECTOR_C)): \
	IMAGE_CFLAGS := $(filter-out -mgeneral-regs-only -flto,$(IMAGE_CFLAGS))
# Calls of memset() and the like come into being when everything is linked, too late to be found in
# what -flto has taken apart.
$(O)/$(ARCH)/obj/stage/string.c.o: IMAGE_CFLAGS += -fno-lto
# What looks at every page of memory is built for speed, what runs once for size.
HOT := core/range.c core/mem.c core/screen.c format/unpack.c format/ready.c stage/string.c \
	$(addprefix fdt/kho_,count.c map.c occupancy.c radix.c ranges.c unique.c v1.c walk.c) \
	$(wildcard bridge/map*.c) $(addprefix route/,digest.c seal.c evacuate.c moved.c after_reset.c)
$(patsubst %,$(O)/$(ARCH)/obj/%.o,$(filter-out $(HOT),$(PURE) $(MACHINE_C) $(EFI_C))): \
	IMAGE_CFLAGS += -Os

$(O)/$(ARCH)/obj/%.S.o: %.S
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(IMAGE_CC) $(BASE) -fpie -ffreestanding -D__ASSEMBLY__ -c $< -o $@

$(IMAGE_ELF): $(IMAGE_OBJ) $(ARCHDIR)/image.lds
	$(call say,LD,$@)
	$(Q)$(IMAGE_CC) $(filter-out -MMD -MP,$(IMAGE_CFLAGS)) -flto-partition=one -nostdlib -static-pie \
		$(addprefix -Xlinker ,$(IMAGE_LDFLAGS) -Map=$(@:.elf=.map)) \
		-T $(ARCHDIR)/image.lds -o $@ $(IMAGE_OBJ) $(IMAGE_LIBS)

$(IMAGE): $(IMAGE_ELF)
	$(call say,IMAGE,$@)
	$(Q)$(IMAGE_PREFIX)objcopy -O binary $< $@

define host_rules
$(O)/host/obj-$(1)/%.c.o: %.c
	$$(call say,CC($(1)),$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(2) $(HOST_CFLAGS) $(3) $$(VECTOR_CFLAGS) -c $$< -o $$@
endef
$(eval $(call host_rules,tool,$(CC),-O2))
$(eval $(call host_rules,test,$(CC),-O1 $(SAN)))
$(eval $(call host_rules,fuzz,$(CLANG),-O1 $(SAN) -fsanitize=fuzzer-no-link))
$(eval $(call host_rules,clang,$(CLANG),-O2))
$(eval $(call host_rules,race,$(CC),-O1 -fsanitize=thread))

$(O)/host/obj-khoctl/%.c.o: %.c
	$(call say,CC(tool),$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(subst $(call includes,$(ARCHDIR)),$(call includes,arch/$(NATIVE)),$(HOST_CFLAGS)) \
		-O2 $(VECTOR_CFLAGS) -c $< -o $@

$(O)/host/khoctl: $(khoctl_obj)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(TOOL_LIBS)

$(O)/$(ARCH)/tool/%.c.o: %.c | $(IMAGE_SYSROOT)
	$(call say,CC($(ARCH)),$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(IMAGE_CC) $(HOST_CFLAGS) -O2 $(VECTOR_CFLAGS) -c $< -o $@ \
		$(if $(IMAGE_SYSROOT),-isystem $(SYSROOT_ARM64)/usr/include)

$(O)/$(ARCH)/khoctl.debug: $(KHOCTL_OBJ)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(IMAGE_CC) -static -o $@ $^ $(addprefix -L,$(IMAGE_LIBDIR)) $(TOOL_LIBS)

$(O)/$(ARCH)/khoctl: $(O)/$(ARCH)/khoctl.debug
	$(Q)$(IMAGE_PREFIX)strip -o $@ $<

$(SYSROOT_DONE): tools/sysroot
	$(call say,SYSROOT,$(@D))
	$(Q)tools/sysroot $(@D)

# Those that the compiler wrote; packages unpacked for tests have such names, too.
-include $(shell find $(O) \( -path $(O)/firmware -o -path $(O)/deb \) -prune -o -type f -name '*.d' -print 2>/dev/null)
