# SPDX-License-Identifier: BSD-2-Clause
# Unit tests, fuzzers and benchmarks of the host. Boot tests are in ovmf-scripts/ and tests/boot.

FUZZ_SECONDS ?= 60

include tests/guest/guest.mk
include tests/boot/boot.mk


# khoctl without main() and the commands, which belong to the test tests/khoctl.
COMMANDS  := $(addprefix tools/,khoctl.c uki.c switch.c jump.c calibrate.c scratch.c plot.c prepare.c check.c inspect.c extract.c report.c \
	shown.c shown_live.c shown_text.c shown_json.c)
TOOLS_LIB := $(INSPECT_C) $(filter-out $(COMMANDS),$(TOOLS_C)) $(call TOOLS_ARCH,$(ARCHDIR))

$(O)/host/tests/%: $(call host_obj,test,tests/unit/%.c) \
		$(call host_obj,test,$(PURE) $(VECTOR_C) $(TOOLS_LIB) $(TEST_HELP) tests/proof/walk.c tests/guest/clock.c)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -o $@ $^ -lcmocka $(TOOL_LIBS)

# The pure code of arm64 is tested on this machine, too: the same rooms, with the headers and plan/
# of arch/arm64. Binaries and objects of tests/unit/arm64/test_X.c and tests/fuzz/arm64/fuzz_X.c have
# arm64 in their names.
ARM64_PURE     := $(call pure_of,arch/arm64)
ARM64_TEST_SRC := $(wildcard tests/unit/arm64/test_*.c)
ARM64_FUZZ_SRC := $(wildcard tests/fuzz/arm64/fuzz_*.c)
ARM64_TESTS    := $(patsubst tests/unit/arm64/%.c,$(O)/host/tests/arm64_%,$(ARM64_TEST_SRC))
ARM64_FUZZERS  := $(patsubst tests/fuzz/arm64/%.c,$(O)/host/fuzz/arm64_%,$(ARM64_FUZZ_SRC))
TESTS   += $(ARM64_TESTS)
FUZZERS += $(ARM64_FUZZERS)
# What of the helpers does not know an architecture.
ARM64_HELP := $(addprefix tests/unit/,kho_image.c kho_naive.c) tools/room.c tools/verdict.c \
	tools/verdict_plan.c tools/live.c tools/arm64/room_arch.c

define arm64_rules
$(O)/host/obj-arm64-$(1)/%.c.o: %.c
	$$(call say,CC($(1)),$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(2) $(subst $(call includes,$(ARCHDIR)),$(call includes,arch/arm64),$(HOST_CFLAGS)) \
		$(3) -c $$< -o $$@
endef
$(eval $(call arm64_rules,test,$(CC),-O1 $(SAN)))
$(eval $(call arm64_rules,fuzz,$(CLANG),-O1 $(SAN) -fsanitize=fuzzer-no-link))
$(eval $(call arm64_rules,clang,$(CLANG),-O2))

$(ARM64_TESTS): $(O)/host/tests/arm64_%: $(call host_obj,arm64-test,tests/unit/arm64/%.c) \
		$(call host_obj,arm64-test,$(ARM64_PURE) $(ARM64_HELP))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -o $@ $^ -lcmocka $(TOOL_LIBS)

# Vector code is tested on a CPU of arm64: on this machine by qemu-aarch64.
ARM64_CC      := $(if $(filter aarch64,$(shell uname -m)),$(CC),aarch64-linux-gnu-gcc)
ARM64_VECTORS := $(addprefix tests/unit/,arm64/vectors.c variants.c) tools/arm64/running_cpu.c \
	arch/arm64/plan/digest.c route/digest.c
ARM64_VECTOR_OBJ := $(patsubst %,$(O)/host/arm64-vectors/%.o,$(ARM64_VECTORS) \
	$(call vector_of,arch/arm64))
TESTS += $(O)/host/tests/arm64_vectors

$(O)/host/arm64-vectors/%.c.o: %.c | $(SYSROOT_DONE)
	$(call say,CC(arm64),$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(ARM64_CC) $(subst $(call includes,$(ARCHDIR)),$(call includes,arch/arm64),$(HOST_CFLAGS)) \
		-O2 $(VECTOR_CFLAGS) $(if $(SYSROOT_ARM64),-isystem $(SYSROOT_ARM64)/usr/include) -c $< -o $@

$(O)/host/arm64-vectors/vectors: $(ARM64_VECTOR_OBJ)
	$(call say,LINK,$@)
	$(Q)$(ARM64_CC) -static -o $@ $^ $(addprefix -L,$(SYSROOT_ARM64)/usr/lib/aarch64-linux-gnu) -lbearssl

$(O)/host/tests/arm64_vectors: $(O)/host/arm64-vectors/vectors
	$(Q)mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec %s %s\n' '$(if $(SYSROOT_ARM64),qemu-aarch64)' $(abspath $<) >$@
	$(Q)chmod +x $@

$(ARM64_FUZZERS): $(O)/host/fuzz/arm64_%: $(call host_obj,arm64-fuzz,tests/fuzz/arm64/%.c) \
		$(call host_obj,arm64-fuzz,$(ARM64_PURE))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(SAN) -fsanitize=fuzzer -o $@ $^ $(TOOL_LIBS)

# The UEFI door of both architectures in a model of firmware (tests/model): all of it but what
# touches the CPU and its devices, which the model has in its place.
MODEL_CPU  := $(if $(filter aarch64,$(shell uname -m)),aarch64,x86_64)
MODEL_EFI  := -fshort-wchar -isystem /usr/include/efi -isystem /usr/include/efi/$(MODEL_CPU) \
	$(if $(filter x86_64,$(MODEL_CPU)),-DGNU_EFI_USE_MS_ABI)
MODEL_DOOR  = $(wildcard efi/*.c efi/$(1)/*.c) $(addprefix stage/,run.c serial.c stop.c progress.c map.c fwcfg.c screen.c crew.c)
MODEL_TEST := $(wildcard tests/model/*.c) tools/buffer.c \
	$(addprefix tests/unit/,kho_image.c kho_naive.c make_image.c)
MODELS     := $(addprefix $(O)/host/model/,test_x86 test_arm64)

# model_rules NAME ARCHDIR
define model_rules
$(O)/host/obj-model-$(1)/%.c.o: %.c
	$$(call say,CC(model),$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) $(subst $(call includes,$(ARCHDIR)),$(call includes,arch/$(1)),$(HOST_CFLAGS)) \
		-O1 $(SAN) $(MODEL_EFI) -c $$< -o $$@

$(O)/host/obj-model-clang-$(1)/%.c.o: %.c
	$$(call say,CC(clang),$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CLANG) $(subst $(call includes,$(ARCHDIR)),$(call includes,arch/$(1)),$(HOST_CFLAGS)) \
		$(MODEL_EFI) -c $$< -o $$@

$(O)/host/model/test_$(1): $(patsubst %,$(O)/host/obj-model-$(1)/%.o,\
		$(call pure_of,arch/$(1)) $(call MODEL_DOOR,$(1)) $(MODEL_TEST))
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) $(SAN) -o $$@ $$^ -lcmocka $(TOOL_LIBS)
endef
$(eval $(call model_rules,x86))
$(eval $(call model_rules,arm64))

# Sound images, to be damaged.
KHO_HELP  := tests/unit/kho_image.c tests/unit/kho_naive.c
FUZZ_HELP := tests/unit/make_image.c tests/unit/luo_kernel.c tests/unit/pack.c tests/fuzz/words.c $(KHO_HELP) \
	$(addprefix tools/,buffer.c boot_entry.c cpio.c dump.c dump_elf.c dump_file.c dump_kdump.c dump_scan.c \
	efivars.c expand.c kernel_abi.c ready_initrd.c report_log.c running.c)

$(O)/host/fuzz/%: $(call host_obj,fuzz,tests/fuzz/%.c) \
		$(call host_obj,fuzz,$(PURE) $(INSPECT_C) $(FUZZ_HELP))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(SAN) -fsanitize=fuzzer -o $@ $^ $(TOOL_LIBS)

# What is measured is the image's own objects, and its string functions.
BENCH_IMAGE := $(patsubst %,$(O)/$(ARCH)/obj/%.o,$(PURE) $(VECTOR_C) stage/string.c $(ARCHDIR)/cache.c)

$(O)/host/bench/%: $(call host_obj,tool,tests/bench/%.c $(KHO_HELP) tools/$(NATIVE)/running_cpu.c) \
		$(BENCH_IMAGE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(IMAGE_CC) $(filter-out -MMD -MP,$(IMAGE_CFLAGS)) -flto-partition=one -pie -Wl,--gc-sections \
		-o $@ $^ $(addprefix -L,$(IMAGE_LIBDIR)) $(filter -l:libfdt.a -l:libbearssl.a,$(IMAGE_LIBS))

# Random maps through the bridge: what the unit test does, but SETS of them.
SETS ?= 1000000
RIG  := $(addprefix tests/unit/,bridge_rig.c kho_receiver.c proof_reader.c) tests/proof/walk.c

$(O)/host/bridge_sets: $(call host_obj,tool,tests/bridge/sets.c) \
		$(call host_obj,tool,$(PURE) $(KHO_HELP) $(RIG))
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(TOOL_LIBS)

# The threads of test_share once more, under the sanitizer that looks for races.
RACES     := $(O)/host/tests/races_share
TESTS     += $(RACES)
$(RACES): $(call host_obj,race,tests/unit/test_share.c $(KHO_HELP) \
		$(wildcard core/*.c format/*.c fdt/*.c route/*.c))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -fsanitize=thread -o $@ $^ -lcmocka $(TOOL_LIBS)

# Dumps that are made up (tests/inspect).
$(O)/host/make-dump: $(call host_obj,tool,tests/inspect/make.c \
		$(addprefix tests/unit/,make_dump.c luo_kernel.c kho_image.c kho_naive.c) $(PURE))
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(TOOL_LIBS)

# Machines for tests/plot, drawn as khoctl plot draws them.
$(O)/host/plot_scenes: $(call host_obj,tool,tests/plot/scenes.c) \
		$(call host_obj,tool,$(PURE) $(addprefix tools/,plot_layout.c plot_svg.c plot_text.c))
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(TOOL_LIBS)

# Judges what khoctl makes, and shares no code with it.
$(O)/host/loaders: $(call host_obj,tool,tests/loaders.c)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ -lz

# By the other compiler: nothing is linked, there only must be no warning. ARCH=arm64: the image
# alone.
CLANG_OBJ := $(patsubst %,$(O)/$(ARCH)/clang/%.o,$(PURE) $(VECTOR_C) $(MACHINE_C) $(EFI_C))
ifeq ($(ARCH),x86_64)
CLANG_OBJ += \
	$(call host_obj,clang,$(PURE) $(VECTOR_C) $(INSPECT_C) $(TOOLS_C) $(TEST_SRC) $(TEST_HELP) $(BENCH_SRC) $(PROOF_SRC) \
		$(wildcard tests/*.c tests/boot/*.c tests/bridge/*.c tests/guest/*.c tests/init/*.c tests/inspect/*.c \
			tests/plot/*.c tests/route/*.c) \
		tests/firmware/carried.c) \
	$(call host_obj,arm64-clang,$(ARM64_PURE) $(ARM64_TEST_SRC)) \
	$(foreach a,x86 arm64,$(patsubst %,$(O)/host/obj-model-clang-$(a)/%.o,\
		$(wildcard tests/model/*.c)))
endif
GCC_ONLY  := -flto -fno-tree-loop-distribute-patterns

$(O)/$(ARCH)/clang/%.c.o: %.c | $(IMAGE_SYSROOT)
	$(call say,CC(clang),$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(if $(filter arm64,$(ARCH)),--target=aarch64-linux-gnu) \
		$(filter-out $(GCC_ONLY),$(IMAGE_CFLAGS)) $(VECTOR_CFLAGS) -c $< -o $@

$(patsubst %,$(O)/$(ARCH)/clang/%.o,$(VECTOR_C)): IMAGE_CFLAGS := $(filter-out -mgeneral-regs-only,$(IMAGE_CFLAGS))

.PHONY: model unit fuzzers benches sets clang test-tools
model: $(MODELS)
	$(Q)tests/run-unit $(O)/host/model $(MODELS) | sed 's/^unit: /model: /'
unit: $(TESTS)
	$(Q)tests/run-unit $(O)/host/tests $(TESTS)
fuzzers: $(FUZZERS)
fuzz: fuzzers
	$(Q)tests/run-fuzz $(O)/host/corpus $(FUZZ_SECONDS) $(FUZZERS)
benches: $(BENCHES)
sets: $(O)/host/bridge_sets
	$(Q)$(O)/host/bridge_sets --sets $(SETS) --jobs $$(nproc)
clang: $(CLANG_OBJ)
# What the shell scripts of the tests run.
test-tools: boot-tools $(O)/host/loaders $(O)/host/make-dump $(O)/host/plot_scenes benches
.SECONDARY:
