"""The fourteen module tables, each of which may be absent, and the two reference tables."""

from __future__ import annotations

from playbook.data.schema.core import INDUSTRIES
from playbook.data.schema.model import (
    CURRENCY,
    Column,
    Table,
    count,
    day,
    enum,
    flag,
    key,
    moment,
    money,
    number,
    ref,
    text,
)

JOURNEY = "awareness 认知; interest 兴趣; evaluation 评估; decision 决策; post_sale 售后 成交后"

KEYWORD = Table(
    "keyword",
    "关键词",
    "one bid or tracked search word",
    (
        key("keyword_id", "关键词ID"),
        text("keyword", "关键词", "the word itself", "词", required=True),
        enum(
            "word_class",
            "词类",
            "brand 品牌词; industry 行业词; competitor 竞品词; pain 痛点词; product 产品词; solution 方案词",
            "关键词分层",
        ),
        enum("intent_stage", "意图阶段", "awareness 认知; evaluation 评估; decision 决策"),
        ref("content", "落地页", "landing_content_id", "落地页ID"),
    ),
    key=("keyword_id",),
    kind="module",
    aliases=("keywords",),
)

AD_DAILY = Table(
    "ad_daily",
    "投放日报",
    "one day of one ad platform, account, campaign, group, keyword, match type and search term",
    (
        day("date", "日期", required=True),
        text("platform", "平台", "ad platform", "媒体", required=True),
        text("ad_account", "账户", "", "推广账户"),
        ref("campaign", "活动计划ID", "campaign_id", "计划ID", "营销活动ID"),
        text("ad_group", "推广单元", "", "单元", "广告组"),
        ref("keyword", "关键词ID", "keyword_id"),
        enum("match_type", "匹配方式", "exact 精确; phrase 短语; broad 广泛"),
        text("search_term", "搜索词", "what was really searched"),
        money("cost", "消耗", "media cost", "花费", "费用", required=True),
        CURRENCY,
        count("impressions", "展现", "", "曝光", "展示", required=True),
        count("clicks", "点击", "", "点击量", required=True),
        count("conversions", "转化", "as the platform counts them", "转化数"),
    ),
    key=(
        "date",
        "platform",
        "ad_account",
        "campaign_id",
        "ad_group",
        "keyword_id",
        "match_type",
        "search_term",
    ),
    time="date",
    kind="module",
    aliases=("ads", "ad_report", "推广日报"),
)

SEARCH_DAILY = Table(
    "search_daily",
    "搜索表现",
    "one day of one keyword in one search or AI engine",
    (
        day("date", "日期", required=True),
        ref("keyword", "关键词ID", "keyword_id", required=True),
        text("engine", "搜索引擎", "such as baidu, google, deepseek", "引擎", required=True),
        count("rank", "排名", "", "自然排名", low=1),
        count("search_volume", "搜索量"),
        flag("ai_cited", "被AI引用", "cited in an AI answer"),
    ),
    key=("date", "keyword_id", "engine"),
    time="date",
    kind="module",
)

WEB_DAILY = Table(
    "web_daily",
    "官网日报",
    "one day of one page and channel",
    (
        day("date", "日期", required=True),
        ref("content", "页面ID", "content_id", "页面"),
        ref("channel", "渠道ID", "channel_id", "渠道"),
        count("sessions", "会话数", "", "访问次数"),
        count("visitors", "访客数", "", "UV"),
        count("pageviews", "浏览量", "", "PV"),
        count("total_time_s", "总停留秒数", "", "停留时长", unit="s"),
        count("bounces", "跳出数"),
        count("form_views", "表单浏览"),
        count("form_submits", "表单提交"),
        count("brand_sessions", "品牌访问", "sessions that searched the brand"),
    ),
    key=("date", "content_id", "channel_id"),
    time="date",
    kind="module",
    aliases=("web", "官网"),
)

EXPERIMENT_ARM = Table(
    "experiment_arm",
    "实验分组",
    "one arm of one A/B test",
    (
        key("experiment_id", "实验ID"),
        text("arm", "分组", "the control is named control", "组别", required=True),
        ref("content", "内容ID", "content_id", "页面ID"),
        enum(
            "element",
            "测试元素",
            "title 标题; description 描述; button 按钮; form 表单; case 案例; price_anchor 价格锚点; "
            "endorsement 客户背书; subject 邮件主题; other 其他",
            open=True,
        ),
        text("hypothesis", "假设"),
        day("start_date", "开始日期"),
        day("end_date", "结束日期", known="end_date"),
        day("planned_end", "计划结束日期", "day that was fixed for reading the test"),
        number("weight", "计划权重", "share of people the arm was to get, in any unit"),
        count("exposures", "曝光人数", "people who saw the arm", "曝光", required=True),
        count("conversions", "转化数", "", "转化", required=True),
        enum(
            "decision",
            "结论",
            "keep 采用; drop 放弃; repeat 重测; running 进行中",
            known="end_date",
        ),
    ),
    key=("experiment_id", "arm"),
    time="start_date",
    kind="module",
    aliases=("experiments", "A/B测试", "A_B测试"),
)

CONTENT = Table(
    "content",
    "内容资产",
    "one asset or page",
    (
        key("content_id", "内容ID", "", "内容编号"),
        text("title", "标题", required=True),
        enum(
            "content_type",
            "内容类型",
            "article 文章; case 案例 客户案例; whitepaper 白皮书; faq FAQ; video 视频; sales_ppt 销售PPT; "
            "manual 产品手册; product_page 产品页; landing_page 落地页; home_page 首页; "
            "solution 解决方案 解决方案页; poster 海报; script 话术 脚本; quote_aid 报价辅助; "
            "demo_script Demo脚本; report 行业报告",
            open=True,
            required=True,
        ),
        enum("journey_stage", "客户阶段", JOURNEY, "旅程阶段"),
        enum("industry", "行业", INDUSTRIES, open=True),
        text("product", "产品线", "", "产品"),
        moment("published_at", "发布时间", "", "上线时间"),
        moment("updated_at", "更新时间", known="updated_at"),
        day("expires_on", "失效日期"),
        ref("staff", "负责人", "owner_id"),
        ref("content", "复用自", "parent_content_id", "母内容ID"),
        text("goal", "目标", "what it is for"),
        text("source", "来源"),
        ref("partner", "伙伴ID", "partner_id"),
        number("production_hours", "制作工时", unit="h"),
        flag("used_ai", "是否用AI", "", "AI生成"),
        flag("is_sales_material", "销售资料", "", "是否销售资料"),
        text("url", "链接"),
    ),
    key=("content_id",),
    time="published_at",
    kind="module",
    aliases=("contents", "内容", "内容资产库"),
)

CONTENT_DAILY = Table(
    "content_daily",
    "内容数据",
    "one day of one asset on one platform",
    (
        day("date", "日期", required=True),
        ref("content", "内容ID", "content_id", required=True),
        text("platform", "平台", "such as 公众号, 知乎", required=True),
        count("reads", "阅读", "reads or plays", "阅读量", "播放", "阅读/播放"),
        count("shares", "转发", "", "分享"),
        count("favourites", "收藏"),
        count("downloads", "下载", "", "下载量"),
    ),
    key=("date", "content_id", "platform"),
    time="date",
    kind="module",
)

EVENT = Table(
    "event",
    "活动",
    "one event",
    (
        key("event_id", "活动ID", "", "会议ID"),
        text("event_name", "活动名称", required=True),
        enum(
            "event_type",
            "活动类型",
            "seminar 研讨会; exhibition 展会; salon 沙龙; webinar 线上直播 直播; summit 峰会; "
            "closed_door 闭门会; launch 发布会; roadshow 路演; other 其他",
            open=True,
        ),
        enum(
            "primary_goal",
            "主目标",
            "brand 品牌曝光 品牌; leads 获客; conversion 客户转化 客情转化; launch 产品发布; "
            "partner 生态合作 渠道合作",
            "目标",
            required=True,
        ),
        moment("start_at", "开始时间", required=True),
        moment("end_at", "结束时间", required=True),
        text("city", "城市"),
        enum("role", "参与身份", "host 主办; exhibitor 参展; speaker 演讲", "身份"),
        money("budget", "预算"),
        CURRENCY,
        ref("campaign", "活动计划ID", "campaign_id", "营销活动ID"),
        ref("partner", "伙伴ID", "partner_id"),
        ref("staff", "负责人", "owner_id"),
        day("reviewed_on", "复盘日期", known="reviewed_on"),
    ),
    key=("event_id",),
    time="start_at",
    kind="module",
    aliases=("events", "活动表"),
)

EVENT_ATTENDEE = Table(
    "event_attendee",
    "参会",
    "one person at one event; becomes touches, so it is not entered there again",
    (
        ref("event", "活动ID", "event_id", required=True),
        ref("person", "联系人ID", "person_id", "联系人", required=True),
        enum(
            "invite_source",
            "邀约来源",
            "sales 销售; channel 渠道; media 媒体; private_domain 私域; edm 邮件 EDM; sms 短信",
        ),
        ref("staff", "邀约人", "invited_by"),
        moment("registered_at", "报名时间"),
        moment("checked_in_at", "签到时间", "", "到场时间", known="checked_in_at"),
        flag("is_target", "目标客户", "", "是否目标客户"),
        flag("met_sales_booked", "销售预约", "", "已约销售", known="checked_in_at"),
        flag("demo_booked", "Demo预约", "", "演示预约", known="checked_in_at"),
        enum(
            "capture_method",
            "采集方式",
            "qr 扫码; form 表单; card 名片; demo_booking 演示预约; download 下载; sales 销售登记",
            open=True,
        ),
        moment("thanked_at", "感谢时间", known="thanked_at"),
        moment("graded_at", "分级时间", known="graded_at"),
        moment("feedback_done_at", "反馈完成时间", known="feedback_done_at"),
        count("csat", "满意度", "1 to 5", low=1, high=5, known="feedback_done_at"),
    ),
    key=("event_id", "person_id"),
    time="registered_at",
    kind="module",
    aliases=("attendees", "参会名单", "签到"),
)

PARTNER_TYPES = (
    "government 政府; association 协会; standards_body 标准组织; cloud_marketplace 云市场; "
    "consultancy 咨询公司; integrator 集成商; channel_partner 渠道商; kol KOL; media 媒体; "
    "university 高校 科研院所; park 园区; organiser 展会主办方; partner 合作伙伴"
)

PARTNER = Table(
    "partner",
    "伙伴",
    "one outside organisation",
    (
        key("partner_id", "伙伴ID"),
        text("partner_name", "伙伴名称", "", "合作伙伴", required=True),
        enum("partner_type", "伙伴类型", PARTNER_TYPES, "类型", required=True),
        text("contact_name", "联系人", pii=True),
        text("contact_title", "联系人职位"),
        enum("tier", "合作等级", "A A类; B B类; C C类", "等级", required=True, known="export"),
        text("mode", "合作方式"),
        text("history", "历史合作", known="export"),
        ref("project", "绑定项目", "bound_project_id", known="export"),
        text("goal", "转化目标", "", "目标"),
        text("next_step", "下一步动作", "", "下一步", known="export"),
        day("next_step_due", "下一步截止", known="export"),
        text("status", "状态", known="export"),
        day("started_on", "合作开始"),
    ),
    key=("partner_id",),
    time="started_on",
    kind="module",
    aliases=("partners", "生态资源台账", "合作伙伴"),
)

MENTION = Table(
    "mention",
    "传播与舆情",
    "one report, post or AI answer that mentions us",
    (
        key("mention_id", "传播ID", "", "舆情ID"),
        moment("published_at", "发布时间", required=True),
        text("theme", "主题"),
        enum(
            "medium",
            "媒介",
            "media 媒体; official_account 公众号; video 视频号; cloud_marketplace 云市场; event 活动; "
            "ai_answer AI回答; social 社交媒体",
            "渠道类型",
        ),
        text("outlet", "媒体名称", "", "渠道名称"),
        text("outlet_tier", "媒体级别"),
        flag("is_high_quality", "高质量报道"),
        count("exposure", "曝光量", "", "曝光"),
        count("reads", "阅读", "", "阅读量"),
        count("reposts", "转载", "", "转载量"),
        count("sentiment", "情感", "-1, 0 or 1", low=-1, high=1),
        count("risk_level", "风险等级", "0 to 3", low=0, high=3),
        moment("handled_at", "处理时间", known="handled_at"),
        text("followup", "后续动作", known="handled_at"),
        text("competitor", "竞品"),
        ref("campaign", "活动计划ID", "campaign_id", "营销活动ID"),
        ref("event", "活动ID", "event_id"),
        ref("partner", "伙伴ID", "partner_id"),
    ),
    key=("mention_id",),
    time="published_at",
    kind="module",
    aliases=("mentions", "舆情", "媒体报道"),
)

PROJECT = Table(
    "project",
    "项目与需求",
    "one project, request or review",
    (
        key("project_id", "项目ID", "", "需求ID"),
        text("name", "名称", "", "项目名称", "需求名称", required=True),
        enum("kind", "类别", "project 项目; request 需求; review 复盘"),
        enum("layer", "层级", "strategy 战略层; system 体系层; project 项目层; execution 执行层"),
        enum(
            "module",
            "模块",
            "brand 品牌; content 内容; growth 增长; events 活动; leads 线索; design 设计; "
            "suppliers 供应商; data 数据; website 官网; ai AI; partners 生态; product 产品营销; team 团队",
            open=True,
        ),
        ref("staff", "负责人", "dri_id", "DRI", "最终负责人", required=True),
        text("collaborators", "协作人"),
        enum("priority", "优先级", "P0 高; P1 中; P2 低", open=True),
        flag("is_key", "重点项目", "", "是否重点"),
        flag("is_unplanned", "插单", "inserted without plan", "是否插单"),
        ref("staff", "需求人", "requester_id", "提出人"),
        text("background", "背景"),
        text("company_goal", "公司目标"),
        text("target_customer", "目标客户"),
        text("expected_result", "预期结果"),
        text("measure", "衡量方式"),
        text("cost_of_not_doing", "不做的损失"),
        text("impact_on_key_project", "对重点项目影响"),
        enum(
            "intake_status",
            "准入状态",
            "accepted 已接受; rejected 已拒绝; pending 待定",
            known="export",
        ),
        moment("requested_at", "提出时间", "", "需求时间"),
        day("due_at", "截止日期", "", "计划完成"),
        day("done_at", "完成日期", "", "实际完成", known="done_at"),
        number("progress", "进度", "percent", unit="percent", high=100, known="export"),
        text("risk", "风险", known="export"),
        text("resources_needed", "所需资源", known="export"),
        text("result_metric", "结果指标"),
        number("result_target", "目标值", low=None),
        number("result_actual", "实际值", low=None, known="done_at"),
        count("rework_count", "返工次数", known="export"),
        text("review_conclusion", "复盘结论", known="done_at"),
        text("next_step", "下一步", known="export"),
    ),
    key=("project_id",),
    time="requested_at",
    kind="module",
    aliases=("projects", "项目", "需求池"),
)

AI_USE = Table(
    "ai_use",
    "AI使用",
    "one use of an AI tool",
    (
        key("use_id", "使用ID"),
        moment("used_at", "使用时间", required=True),
        ref("staff", "使用人", "staff_id", required=True),
        text("scenario", "场景"),
        text("tool", "工具"),
        enum("level", "层级", "tool 工具; prompt 提示词; rag 知识库 RAG; agent 智能体 Agent"),
        text("task_type", "任务类型"),
        text("template_id", "模板ID"),
        number("minutes_spent", "用时分钟", unit="min"),
        number("minutes_baseline", "基准分钟", unit="min"),
        number("quality_score", "质量评分", high=100),
        number("edit_ratio", "修改比例", unit="share", high=1),
        ref("lead", "线索ID", "lead_id"),
        ref("content", "内容ID", "content_id"),
        ref("project", "项目ID", "project_id"),
        text("linked_result", "关联结果"),
        text("risk", "风险"),
        text("improvement", "改进"),
    ),
    key=("use_id",),
    time="used_at",
    kind="module",
    aliases=("ai_uses", "AI使用记录"),
)

MANUAL_METRIC = Table(
    "manual_metric",
    "手工指标",
    "one hand-kept number for a period, metric and scope",
    (
        text("period", "周期", "2026, 2026Q1 or 2026-01", "期间", required=True),
        text("metric_id", "指标", "", "指标ID", required=True),
        text("scope", "范围"),
        number("numerator", "分子", low=None, required=True),
        number("denominator", "分母", low=None),
        count("n", "样本数"),
        text("source", "来源"),
        text("note", "备注"),
    ),
    key=("period", "metric_id", "scope"),
    kind="module",
    aliases=("manual_metrics",),
)

FX_RATE = Table(
    "fx_rate",
    "汇率",
    "one day's rate of one currency",
    (
        day("date", "日期", required=True),
        Column("currency", "text", "币种", "ISO 4217 code", ("货币",), required=True),
        number("rate", "汇率", "one unit in report currency", unit="rate", required=True),
    ),
    key=("date", "currency"),
    kind="reference",
    aliases=("fx", "fx_rates"),
)

CALENDAR = Table(
    "calendar",
    "日历",
    "one day of the company's own calendar",
    (
        day("date", "日期", required=True),
        flag("is_workday", "是否工作日", "", "工作日"),
        text("fiscal_period", "财务期间"),
    ),
    key=("date",),
    kind="reference",
)

MODULES: tuple[Table, ...] = (
    KEYWORD,
    AD_DAILY,
    SEARCH_DAILY,
    WEB_DAILY,
    EXPERIMENT_ARM,
    CONTENT,
    CONTENT_DAILY,
    EVENT,
    EVENT_ATTENDEE,
    PARTNER,
    MENTION,
    PROJECT,
    AI_USE,
    MANUAL_METRIC,
    FX_RATE,
    CALENDAR,
)
