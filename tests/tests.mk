# SPDX-License-Identifier: BSD-2-Clause
# Unit tests, fuzzers and benchmarks of the host. Boot tests are in ovmf-scripts/ and tests/boot.

FUZZ_SECONDS ?= 60

# khoctl without main() and the commands, which belong to the test tests/khoctl.
TOOLS_LIB := $(filter-out tools/khoctl.c tools/uki.c tools/switch.c,$(TOOLS_C))

$(O)/host/tests/%: $(call host_obj,test,tests/unit/%.c) \
		$(call host_obj,test,$(PURE) $(TOOLS_LIB) $(TEST_HELP))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SAN) -o $@ $^ -lcmocka $(TOOL_LIBS)

# Sound images, to be damaged.
FUZZ_HELP := tests/unit/make_image.c tools/buffer.c

$(O)/host/fuzz/%: $(call host_obj,fuzz,tests/fuzz/%.c) $(call host_obj,fuzz,$(PURE) $(FUZZ_HELP))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(SAN) -fsanitize=fuzzer -o $@ $^ $(TOOL_LIBS)

$(O)/host/bench/%: $(call host_obj,tool,tests/bench/%.c) $(call host_obj,tool,$(PURE))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ $(TOOL_LIBS)

# Judges what khoctl makes, and shares no code with it.
$(O)/host/loaders: $(call host_obj,tool,tests/loaders.c)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ -lz

.PHONY: unit fuzzers benches khoctl-test
khoctl-test: image khoctl $(O)/host/loaders
	$(Q)KHO_BUILD=$(abspath $(O)) tests/khoctl
unit: $(TESTS)
	$(Q)tests/run-unit $(O)/host/tests $(TESTS)
fuzzers: $(FUZZERS)
benches: $(BENCHES)
.SECONDARY:

include tests/boot/boot.mk
