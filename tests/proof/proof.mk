# SPDX-License-Identifier: BSD-2-Clause
# The placement proof: a program of the host that runs QEMU. Shares no code with what it judges.

PROOF_SRC := $(wildcard tests/proof/*.c)
PROOF     := $(O)/host/proof

$(PROOF): $(call host_obj,tool,$(PROOF_SRC))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ -lfdt

.PHONY: proof
proof: $(PROOF)
