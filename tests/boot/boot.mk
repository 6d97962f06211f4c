# SPDX-License-Identifier: BSD-2-Clause
# Boot tests: programs of the host that the scripts here use, and the scripts themselves.

PROOF_SRC := $(wildcard tests/proof/*.c)
PROOF     := $(O)/host/proof
EDIT      := $(O)/host/edit

# Shares no code with what it judges.
$(PROOF): $(call host_obj,tool,$(PROOF_SRC))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ -lfdt

$(EDIT): $(call host_obj,tool,tests/boot/edit.c)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^

.PHONY: boot-tools
boot-tools: $(PROOF) $(EDIT) image khoctl
