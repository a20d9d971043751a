"""The new marketing head's first 90 days in the project list: deliverables and key projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock
from playbook.data.sample.story import HEAD_START

if TYPE_CHECKING:
    from playbook.data.sample.frames import Cols

_DELIVERABLES = """
0 7 data 11 市场现状诊断表 2026-08-21 100
0 7 leads 1 公司增长链路初步地图 2026-08-24 100
0 7 content 3 现有市场资产盘点表 2026-08-24 100
0 7 leads 1 关键协同部门访谈纪要 2026-08-28 100
0 7 leads 1 30/60/90天工作计划初稿 2026-08-21 100
8 30 data 11 市场增长漏斗诊断报告 2026-09-11 100
8 30 content 3 市场资产盘点与缺口分析 2026-09-14 100
8 30 growth 4 渠道效果初步复盘 2026-09-15 100
8 30 content 3 内容资产地图 2026-09-16 100
8 30 leads 1 市场团队职责分工表 2026-09-08 100
8 30 data 11 市场核心数据看板V1 2026-09-22 100
8 30 leads 1 Q1重点项目优先级建议 - 70
31 60 leads 1 MQL/SQL定义与流转规则 2026-10-12 100
31 60 leads 1 销售跟进SLA机制 - 65
31 60 content 3 内容营销月度计划 2026-09-28 100
31 60 growth 4 重点渠道投放优化方案 2026-10-14 100
31 60 website 9 官网/落地页优化方案 - 80
31 60 growth 4 重点Campaign方案 - 50
31 60 ai 3 AI营销_workflow_SOP - 40
31 60 data 11 月度市场经营复盘 2026-10-10 100
61 90 leads 1 年度/季度市场增长规划 - 30
61 90 leads 1 市场预算分配方案 - 45
61 90 data 11 市场数据驾驶舱V2 - 35
61 90 content 3 内容资产库与销售赋能库 - 50
61 90 events 5 活动获客SOP - 60
61 90 partners 10 渠道生态合作SOP - 20
61 90 leads 1 团队绩效指标表 - 25
61 90 leads 1 市场对业务贡献复盘报告 - 10
"""
"""First and last day in office, module, owner, name, day of completion, progress."""

_KEY_PROJECTS = """
2026-09-01 2026-11-20 website 9 官网落地页转化优化 55
2026-09-07 2026-10-23 leads 1 销售跟进SLA机制落地 60
2026-09-14 2026-12-04 growth 4 线上获客Campaign 35
2026-09-21 2026-11-30 ai 3 AI内容与复盘workflow 40
"""
"""Asked and due day, module, owner, name, progress."""

Row = tuple[str, str, int, int, int, int, int]


def _rows() -> list[Row]:
    """Name, module, owner, day asked, day due, day done (-1 while open), progress."""
    start = clock.day(HEAD_START)
    rows: list[Row] = []
    for line in _DELIVERABLES.strip().splitlines():
        first, last, module, owner, name, done, progress = line.split()
        day = -1 if done == "-" else clock.day(done)
        title = f"《{name.replace('_', ' ')}》"
        asked = clock.next_workday(start + int(first))
        rows.append((title, module, int(owner), asked, start + int(last), day, int(progress)))
    for line in _KEY_PROJECTS.strip().splitlines():
        asked_on, due, module, owner, name, progress = line.split()
        asked = clock.day(asked_on)
        rows.append((name, module, int(owner), asked, clock.day(due), -1, int(progress)))
    return rows


def first_days(number: int) -> Cols:
    """Rows of table `project`, the first of them with this row number."""
    rows = _rows()
    n = len(rows)
    name, module, owner, asked, due, done, progress = (list(x) for x in zip(*rows, strict=True))
    is_key = np.array([not str(x).startswith("《") for x in name])
    over = np.array(done) >= 0
    late = ~over & (np.array(due) < clock.END_DAY)
    nothing = [None] * n
    return {
        "project_id": number + np.arange(n),
        "name": name,
        "kind": ["project"] * n,
        "layer": ["project" if key else "system" for key in is_key],
        "module": module,
        "dri_id": np.array(owner) - 1,
        "collaborators": ["销售、市场运营"] * n,
        "priority": ["P0" if key else "P1" for key in is_key],
        "is_key": is_key,
        "is_unplanned": np.zeros(n, dtype=bool),
        "requester_id": np.full(n, 36),
        "background": ["季度重点" if key else "上任90天计划" for key in is_key],
        "company_goal": ["收入"] * n,
        "target_customer": nothing,
        "expected_result": ["SQL转化提升" if key else "机制可用" for key in is_key],
        "measure": ["转化率" if key else "按期交付" for key in is_key],
        "cost_of_not_doing": nothing,
        "impact_on_key_project": ["无影响"] * n,
        "intake_status": ["accepted"] * n,
        "requested_at": np.array(asked) * clock.DAY + 10 * clock.HOUR,
        "due_at": np.array(due),
        "done_at": np.array(done),
        "progress": np.array(progress, dtype=np.float64),
        "risk": ["已延期，待协调资源" if x else None for x in late],
        "resources_needed": ["销售负责人参与评审" if x else None for x in late],
        "result_metric": nothing,
        "result_target": np.full(n, np.nan),
        "result_actual": np.full(n, np.nan),
        "rework_count": np.zeros(n, dtype=np.int64),
        "review_conclusion": ["达成，方法保留" if x else None for x in over],
        "next_step": [None if x else "下周例会确认" for x in over],
    }
