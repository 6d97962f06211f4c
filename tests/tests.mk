# SPDX-License-Identifier: BSD-2-Clause
# Unit tests, fuzzers and benchmarks of the host. Boot tests are in ovmf-scripts/ and tests/boot.

FUZZ_SECONDS ?= 60

include tests/boot/boot.mk

# khoctl without main() and the commands, which belong to the test tests/khoctl.
TOOLS_LIB := $(filter-out $(addprefix tools/,khoctl.c uki.c switch.c calibrate.c prepare.c),$(TOOLS_C))

$(O)/host/tests/%: $(call host_obj,test,tests/unit/%.c) \
		$(call host_obj,test,$(PURE) $(TOOLS_LIB) $(TEST_HELP))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -o $@ $^ -lcmocka $(TOOL_LIBS)

# Sound images, to be damaged.
KHO_HELP  := tests/unit/kho_image.c tests/unit/kho_naive.c
FUZZ_HELP := tests/unit/make_image.c $(addprefix tools/,buffer.c boot_entry.c efivars.c running.c kernel_abi.c) \
	tests/fuzz/words.c $(KHO_HELP)

$(O)/host/fuzz/%: $(call host_obj,fuzz,tests/fuzz/%.c) $(call host_obj,fuzz,$(PURE) $(FUZZ_HELP))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(SAN) -fsanitize=fuzzer -o $@ $^ $(TOOL_LIBS)

$(O)/host/bench/%: $(call host_obj,tool,tests/bench/%.c) $(call host_obj,tool,$(PURE) $(KHO_HELP))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ $(TOOL_LIBS)

# Judges what khoctl makes, and shares no code with it.
$(O)/host/loaders: $(call host_obj,tool,tests/loaders.c)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ -lz

# By the other compiler: nothing is linked, there only must be no warning.
CLANG_OBJ := $(patsubst %,$(O)/$(ARCH)/clang/%.o,$(PURE) $(MACHINE_C) $(EFI_C)) \
	$(call host_obj,clang,$(PURE) $(TOOLS_C) $(TEST_SRC) $(TEST_HELP) $(BENCH_SRC) $(PROOF_SRC) \
		$(wildcard tests/*.c tests/boot/*.c tests/guest/*.c tests/route/*.c) \
		tests/firmware/carried.c)

$(O)/$(ARCH)/clang/%.c.o: %.c
	$(call say,CC(clang),$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -flto -fno-tree-loop-distribute-patterns,$(IMAGE_CFLAGS)) -c $< -o $@

.PHONY: unit fuzzers benches clang test-tools
unit: $(TESTS)
	$(Q)tests/run-unit $(O)/host/tests $(TESTS)
fuzzers: $(FUZZERS)
fuzz: fuzzers
	$(Q)tests/run-fuzz $(O)/host/corpus $(FUZZ_SECONDS) $(FUZZERS)
benches: $(BENCHES)
clang: $(CLANG_OBJ)
# What the shell scripts of the tests run.
test-tools: boot-tools $(O)/host/loaders benches
.SECONDARY:
